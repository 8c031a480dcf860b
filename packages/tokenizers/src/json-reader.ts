import { TokenizerError } from './errors.js';

/** A JSON value and where it stands, so that whoever reads it can say what is wrong with which part. */
export class JsonReader {
  constructor(
    readonly value: unknown,
    /** JSON pointer, after the name of the file. */
    readonly part: string,
  ) {}

  get isAbsent(): boolean {
    return this.value === undefined || this.value === null;
  }

  get(key: string): JsonReader {
    const object = this.object();
    const value = Object.hasOwn(object, key) ? object[key] : undefined;
    return new JsonReader(value, `${this.part}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  }

  object(): Readonly<Record<string, unknown>> {
    const { value } = this;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    return this.fail('an object');
  }

  items(): JsonReader[] {
    if (!Array.isArray(this.value)) return this.fail('an array');
    return Array.from(this.value, (item: unknown, i) => new JsonReader(item, `${this.part}/${i}`));
  }

  string(fallback?: string): string {
    if (this.isAbsent && fallback !== undefined) return fallback;
    return typeof this.value === 'string' ? this.value : this.fail('a string');
  }

  boolean(fallback?: boolean): boolean {
    if (this.isAbsent && fallback !== undefined) return fallback;
    return typeof this.value === 'boolean' ? this.value : this.fail('true or false');
  }

  /** A non-negative integer. */
  count(fallback?: number): number {
    if (this.isAbsent && fallback !== undefined) return fallback;
    const { value } = this;
    return typeof value === 'number' && Number.isInteger(value) && value >= 0
      ? value
      : this.fail('a non-negative integer');
  }

  /** A finite number. */
  number(): number {
    return typeof this.value === 'number' && Number.isFinite(this.value) ? this.value : this.fail('a number');
  }

  /** One of `choices`. */
  choice<T extends string>(choices: readonly T[], fallback?: T): T {
    if (this.isAbsent && fallback !== undefined) return fallback;
    const found = choices.find((choice) => choice === this.value);
    return found ?? this.fail(choices.map((choice) => JSON.stringify(choice)).join(' or '));
  }

  /** What the entry of `readers` for this object's `type` makes of it; the message says which types there are. */
  byType<T>(readers: Readonly<Record<string, (reader: JsonReader) => T>>): T {
    const found = this.get('type').string();
    if (Object.hasOwn(readers, found)) return readers[found]!(this);
    throw new TokenizerError(
      this.part,
      `${found} is not supported; what can stand here is ${Object.keys(readers).join(', ')}`,
    );
  }

  fail(expected: string): never {
    throw new TokenizerError(this.part, `expected ${expected}, found ${describe(this.value)}`);
  }
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
