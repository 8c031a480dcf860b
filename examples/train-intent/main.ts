import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@zooid/common';
import { createKernel } from '@zooid/kernel';

const here = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'zooid-train-intent-'));

const kernel = await createKernel({
  plugins: ['app-intent', 'method-fine-tune', 'dataset-jsonl', 'backend-onnx', 'store-local'],
});
try {
  // Everything that can be checked is checked before the first step: keys, options, every line of the data.
  const prepared = await kernel.training.prepare(join(here, 'recipe.yaml'), { output: join(folder, 'cafe') });
  console.log(`training on ${prepared.records.train} examples`);
  const { output, metrics } = await kernel.training.run(prepared, {
    logger: silentLogger,
    progress: (event) => {
      if (event.type === 'stage') console.log(`… ${event.name}`);
    },
  });
  console.log(`accuracy on ${prepared.records.test} unseen examples: ${metrics.accuracy?.toFixed(2)}`);

  await kernel.endpoints.open('cafe', output);
  const texts = ['two espressos please', '你们今天几点关门'];
  const { outputs } = await kernel.endpoints.run('cafe', texts);
  for (const [i, answer] of outputs.entries()) console.log(`${texts[i]} → ${(answer as { intent: string }).intent}`);
} finally {
  await kernel[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
}
