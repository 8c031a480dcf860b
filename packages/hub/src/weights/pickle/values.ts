/** What a restricted pickle can hold. Python's int and float are both numbers; an int beyond 2⁵³ is a bigint. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleObject;

export type PickleKey = null | boolean | number | bigint | string;

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** `dict` and `OrderedDict`. */
export class PickleDict {
  readonly entries = new Map<PickleKey, PickleValue>();
}

/** A name of Python's that the environment knows. It is our own object; nothing of Python's is behind it. */
export class PickleGlobal {
  constructor(
    /** `torch._utils._rebuild_tensor_v2`. */
    readonly name: string,
    /** What calling it gives; absent for names that are only mentioned. */
    readonly call?: (args: readonly PickleValue[]) => PickleValue,
  ) {}
}

/** Base of what an environment builds: storages and tensors. */
export abstract class PickleObject {
  abstract readonly kind: string;
}

/** What a value is called in errors. */
export function typeName(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (Array.isArray(value)) return 'list';
  if (value instanceof PickleTuple) return 'tuple';
  if (value instanceof PickleDict) return 'dict';
  if (value instanceof PickleGlobal) return `'${value.name}'`;
  if (value instanceof PickleObject) return value.kind;
  return { boolean: 'bool', number: 'number', bigint: 'int', string: 'str' }[
    typeof value as 'boolean' | 'number' | 'bigint' | 'string'
  ];
}
