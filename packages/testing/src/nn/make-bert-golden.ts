/**
 * Writes `__golden__/bert-classifier.json`: `node packages/testing/dist/nn/make-bert-golden.js [python]`, with PyTorch
 * installed for that interpreter. The weights are not stored; `randomWeights` makes them again from the seed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GraphBuilder } from '@zooid/nn';
import { elementCount } from '@zooid/tensor';
import { emitClassifier, LABELS, paddedRows, randomWeights, smallConfig } from './random-bert.js';

const [python = 'python3'] = process.argv.slice(2);
const root = new URL('../../../..', import.meta.url);
const peer = fileURLToPath(new URL('packages/benchmarks/peers/bert_peer.py', root));
const seed = 11;
const labels = [2, 0, 1];

const builder = new GraphBuilder();
emitClassifier(builder);
const weights = randomWeights(builder.parameters, seed);
const folder = mkdtempSync(join(tmpdir(), 'zooid-golden-'));
try {
  const names = [...weights.keys()];
  const request = {
    config: smallConfig,
    labels: LABELS,
    weights: names.map((name) => ({ name, shape: weights.get(name)!.dims })),
    batch: { ...paddedRows, labels },
  };
  writeFileSync(join(folder, 'request.json'), JSON.stringify(request));
  writeFileSync(
    join(folder, 'weights.bin'),
    Buffer.concat(names.map((name) => Buffer.from(weights.get(name)!.data.buffer))),
  );
  const call = (command: string) => JSON.parse(execFileSync(python, [peer, command, folder], { encoding: 'utf8' }));
  const forward = call('forward');
  const { loss, torch } = call('gradients');
  const flat = new Float64Array(new Uint8Array(readFileSync(join(folder, 'gradients.bin'))).buffer);
  let offset = 0;
  const gradients = Object.fromEntries(
    names.map((name) => {
      const values = flat.subarray(offset, offset + elementCount(weights.get(name)!.dims));
      offset += values.length;
      return [
        name,
        {
          norm: Math.hypot(...values),
          sum: values.reduce((sum, value) => sum + value, 0),
          head: digits([...values.subarray(0, 4)]),
        },
      ];
    }),
  );
  const golden = {
    provenance: { producer: `torch ${torch}, float64`, script: 'packages/benchmarks/peers/bert_peer.py', seed },
    batch: { ...paddedRows, labels },
    lastHiddenState: digits(forward.hiddenStates.at(-1)),
    embeddings: digits(forward.hiddenStates[0]),
    pooledOutput: digits(forward.pooledOutput),
    logits: digits(forward.logits),
    loss,
    gradients,
  };
  const target = fileURLToPath(new URL('packages/testing/src/nn/__golden__/bert-classifier.json', root));
  writeFileSync(target, `${JSON.stringify(golden)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Nine significant digits: float32 has seven. */
function digits(value: unknown): unknown {
  return Array.isArray(value) ? value.map(digits) : Number((value as number).toPrecision(9));
}
