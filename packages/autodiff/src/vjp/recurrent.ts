import type { Op } from '@zooid/onnx';

/** Recurrent networks are run, not trained: the loop inside the operator keeps nothing that a derivative could use. */
export const recurrentVjps = { LSTM: 'missing' } satisfies Partial<Record<Op, 'missing'>>;
