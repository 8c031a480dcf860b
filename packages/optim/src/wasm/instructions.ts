import { type Code, signed, unsigned } from './encoding.js';

/** Value types of WebAssembly 2.0 that the kernels use. */
export const valueTypes = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = keyof typeof valueTypes;

/*
 * Instructions are functions over their operands, so that code reads as expressions: `f32x4.add(a, b)` is the
 * operands' code followed by the opcode. Opcodes: WebAssembly 2.0, §5.4 (binary format of instructions).
 */
const plain =
  (opcode: number) =>
  (...operands: Code[]): Code => [operands, opcode];
const simd =
  (opcode: number) =>
  (...operands: Code[]): Code => [operands, 0xfd, unsigned(opcode)];
/** The alignment hint is always 2^0: rows of odd width are not aligned, and x86 and ARM do not care. */
const load =
  (...opcode: number[]) =>
  (address: Code, offset = 0): Code => [address, opcode, 0, unsigned(offset)];
const store =
  (...opcode: number[]) =>
  (address: Code, value: Code, offset = 0): Code => [address, value, opcode, 0, unsigned(offset)];

export const i32 = {
  const: (value: number): Code => [0x41, signed(value)],
  load: load(0x28),
  add: plain(0x6a),
  sub: plain(0x6b),
  mul: plain(0x6c),
  and: plain(0x71),
  shl: plain(0x74),
  ltU: plain(0x49),
};

export const f32 = { load: load(0x2a), store: store(0x38), add: plain(0x92) };

export const f64 = { add: plain(0xa0) };

export const v128 = {
  load: load(0xfd, 0x00),
  /** Two float32 into the low half, zeros above. */
  load64Zero: load(0xfd, 0x5d),
  store: store(0xfd, 0x0b),
  and: simd(0x4e),
  or: simd(0x50),
  xor: simd(0x51),
};

export const i32x4 = { splat: simd(0x11), geU: simd(0x40), shl: simd(0xab), shrU: simd(0xad), add: simd(0xae) };

export const f32x4 = {
  splat: simd(0x13),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  div: simd(0xe7),
};

export const f64x2 = {
  extractLane: (operand: Code, lane: 0 | 1): Code => [operand, 0xfd, 0x21, lane],
  promoteLow: simd(0x5f),
  add: simd(0xf0),
  mul: simd(0xf2),
};

/** Repeats `body` while `condition` holds, testing first. */
export function loopWhile(condition: Code, body: Code): Code {
  const [block, loop, end, void_] = [0x02, 0x03, 0x0b, 0x40];
  const isZero = 0x45;
  const leaveWhenFalse = [condition, isZero, 0x0d, unsigned(1)];
  const again = [0x0c, unsigned(0)];
  return [block, void_, loop, void_, leaveWhenFalse, body, again, end, end];
}
