/** Bytes of a WebAssembly module or of a part of it. Parts nest freely and are flattened once, at the end. */
export type Code = number | readonly Code[];

export function flatten(code: Code, into: number[] = []): number[] {
  if (typeof code === 'number') into.push(code);
  else for (const part of code) flatten(part, into);
  return into;
}

/** Unsigned LEB128 of an integer below 2^32. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

/** Signed LEB128 of a 32-bit integer. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

/** A vector: its length, then its elements. */
export function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), items];
}

/** Content preceded by its size in bytes. */
export function sized(content: Code): Code {
  const bytes = flatten(content);
  return [unsigned(bytes.length), bytes];
}

/** A UTF-8 name; ours are ASCII. */
export function name(text: string): Code {
  return vector([...text].map((character) => character.charCodeAt(0)));
}
