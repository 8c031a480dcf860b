import type { Op } from '@zooid/onnx';

/** What optimised inference graphs hold. Their derivatives are those of the plain graphs they were made from. */
export const contribVjps = {
  Attention: 'missing',
  MultiHeadAttention: 'missing',
  BiasGelu: 'missing',
  DynamicQuantizeLinear: 'missing',
  DynamicQuantizeMatMul: 'missing',
  MatMulNBits: 'missing',
  QAttention: 'missing',
} satisfies Partial<Record<Op, 'missing'>>;
