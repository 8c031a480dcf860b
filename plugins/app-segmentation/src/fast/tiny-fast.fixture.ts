import { Random } from '@zooid/tensor';
import type { PreparedTask } from '@zooid/trainer';
import { segmentationTask } from '../segmentation-task.js';
import { tinyRecords } from '../tiny-segmentation.fixture.js';

const smallOptions = { network: 'fast' };
const smallFast = { size: 16, kernels: [3, 3], characterMinCount: 1, pairMinCount: 1, dropout: 0, pairDropout: 0 };

/** The fast network's task on the tiny records; options as in a recipe. */
export function prepareTinyFast(
  { fast = {}, ...options }: Record<string, unknown> = {},
  records: readonly unknown[] = tinyRecords,
): Promise<PreparedTask> {
  const all = { ...smallOptions, ...options, fast: { ...smallFast, ...(fast as object) } };
  const examples = records.map((record) => segmentationTask.parse(record, all));
  return segmentationTask.prepare(examples, { options: all, encoderConfig: {}, resources: {}, random: new Random(1) });
}
