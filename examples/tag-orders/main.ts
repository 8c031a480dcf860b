import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@zooid/common';
import { createKernel, pipeline } from '@zooid/kernel';

const here = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'zooid-tag-orders-'));
const model = join(folder, 'orders');

try {
  // Training, as `zooid train recipe.yaml --output …` does it. The texts are written by the templates on the way.
  await using kernel = await createKernel({
    plugins: [
      'app-token-classification',
      'method-fine-tune',
      'dataset-jsonl',
      'dataset-templates',
      'backend-onnx',
      'store-local',
    ],
  });
  const prepared = await kernel.training.prepare(join(here, 'recipe.yaml'), { output: model });
  const { metrics } = await kernel.training.run(prepared, { logger: silentLogger, progress: () => {} });
  console.log(`F1 on sentences that no template wrote: ${metrics.f1!.toFixed(2)}`);

  await using tag = await pipeline('token-classification', model);

  const orders = [
    '请明天下午给赵美兰送三箱牛奶，地址是解放路28号',
    '我要两瓶啤酒和十斤土豆，周六晚上送',
    '陈思远订的大米到了吗',
  ];
  const answers = await tag(orders); // spans with type, score and place in the text
  for (const [i, spans] of answers.entries()) {
    console.log(`\n${orders[i]}`);
    for (const span of spans) {
      if ('entity_group' in span)
        console.log(`  ${span.entity_group.padEnd(6)} ${span.word} [${span.start}, ${span.end})`);
    }
  }
} finally {
  await rm(folder, { recursive: true });
}
