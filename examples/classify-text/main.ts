import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@zooid/common';
import { createKernel, pipeline } from '@zooid/kernel';

const here = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'zooid-classify-text-'));
const model = join(folder, 'support');

try {
  // Training, as `zooid train recipe.yaml --output …` does it.
  await using kernel = await createKernel({
    plugins: ['app-text-classification', 'method-fine-tune', 'dataset-jsonl', 'backend-onnx', 'store-local'],
  });
  const prepared = await kernel.training.prepare(join(here, 'recipe.yaml'), { output: model });
  await kernel.training.run(prepared, { logger: silentLogger, progress: () => {} });

  // One call: a folder here, the name of a model on the Hub elsewhere. The task's id gives input and answers their types.
  await using classify = await pipeline('text-classification', model);

  const [best] = await classify('the parcel is late', { top_k: 1 });
  console.log(`most likely: ${best!.label} ${best!.score.toFixed(2)}`);

  const messages = [
    'the parcel is late and the cup is broken',
    'what are your opening hours',
    'you charged my card twice',
  ];
  const answers = await classify(messages, { apply_thresholds: true });
  for (const [i, labels] of answers.entries()) {
    console.log(
      `${messages[i]} → ${
        labels
          .map(({ label }) => label)
          .sort()
          .join(', ') || 'none of these'
      }`,
    );
  }
} finally {
  await rm(folder, { recursive: true });
}
