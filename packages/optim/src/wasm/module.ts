import { type Code, flatten, name, sized, unsigned, vector } from './encoding.js';
import { type ValueType, valueTypes } from './instructions.js';

/** A parameter or local variable of a function under construction. */
export interface Variable {
  readonly get: Code;
  set(value: Code): Code;
}

export interface FunctionScope {
  /** Parameters in order; declare them all before the first local. */
  parameter(type: ValueType): Variable;
  local(type: ValueType): Variable;
}

interface FunctionDefinition {
  readonly name: string;
  readonly result: ValueType | undefined;
  readonly build: (scope: FunctionScope) => Code;
}

/** An exported function; `build` declares its variables and returns its body. */
export function defineFunction(
  name: string,
  result: ValueType | undefined,
  build: (scope: FunctionScope) => Code,
): FunctionDefinition {
  return { name, result, build };
}

/**
 * Assembles a module that exports `functions` and imports one memory, `env.memory`, of any size up to 4 GiB.
 *
 * @see WebAssembly 2.0, §5.5 (binary format of modules)
 */
export function assemble(functions: readonly FunctionDefinition[]): Uint8Array<ArrayBuffer> {
  const compiled = functions.map(compile);
  const section = (id: number, content: Code): Code => [id, sized(content)];
  const [functionKind, memoryKind, withMaximum] = [0, 2, 1];
  return Uint8Array.from(
    flatten([
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      section(1, vector(compiled.map(({ type }) => type))),
      section(2, vector([[name('env'), name('memory'), memoryKind, withMaximum, unsigned(1), unsigned(maximumPages)]])),
      section(3, vector(compiled.map((_, index) => unsigned(index)))),
      section(7, vector(functions.map((f, index) => [name(f.name), functionKind, unsigned(index)]))),
      section(10, vector(compiled.map(({ body }) => sized(body)))),
    ]),
  );
}

/** 4 GiB, the most that 32-bit addresses reach. */
export const maximumPages = 65_536;
export const pageBytes = 65_536;

function compile({ result, build }: FunctionDefinition): { readonly type: Code; readonly body: Code } {
  const parameters: number[] = [];
  const locals: number[] = [];
  const variable = (index: number): Variable => ({
    get: [0x20, unsigned(index)],
    set: (value) => [value, 0x21, unsigned(index)],
  });
  const code = build({
    parameter(type) {
      if (locals.length > 0) throw new Error('Parameters must be declared before locals');
      return variable(parameters.push(valueTypes[type]) - 1);
    },
    local: (type) => variable(parameters.length + locals.push(valueTypes[type]) - 1),
  });
  return {
    type: [0x60, vector(parameters), vector(result === undefined ? [] : [valueTypes[result]])],
    body: [vector(locals.map((type) => [unsigned(1), type])), code, 0x0b],
  };
}
