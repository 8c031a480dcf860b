import type { Op } from '@zooid/onnx';

/** Models from outside hold these; `importGraph` says them in plain operators, which have derivatives. */
export const fusedVjps = {
  FusedMatMul: 'missing',
  FusedGemm: 'missing',
  FastGelu: 'missing',
  QuickGelu: 'missing',
  SkipLayerNormalization: 'missing',
  EmbedLayerNormalization: 'missing',
} satisfies Partial<Record<Op, 'missing'>>;
