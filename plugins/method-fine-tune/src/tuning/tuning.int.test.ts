import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AbortError, capabilityOf, silentLogger } from '@zooid/common';
import { readModelFolder, readModelWeights } from '@zooid/hub';
import { encoderFamily } from '@zooid/nn';
import { readModel } from '@zooid/onnx';
import type { TrainingJob } from '@zooid/spec';
import { allClose, type HostTensor } from '@zooid/tensor';
import { TrainingTask } from '@zooid/trainer';
import { afterAll, describe, expect, it } from 'vitest';
import type { FineTuneOptions } from '../options.js';
import { prepareJob } from '../prepare.js';
import { toyApp } from '../toy-app.fixture.js';
import { baseOf, bert, differences, runTuning, scratchFolder, tuningJob } from './tuning-job.fixture.js';

const directory = scratchFolder();
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const head = ['classifier.bias', 'classifier.weight'];
const pooler = ['bert.pooler.dense.bias', 'bert.pooler.dense.weight'];
const layers = [0, 1].map((layer) => `bert.encoder.layer.${layer}`);
const norms = [
  'bert.embeddings.LayerNorm',
  ...layers.flatMap((at) => [`${at}.attention.output.LayerNorm`, `${at}.output.LayerNorm`]),
];
const parts = (paths: readonly string[]) => paths.flatMap((path) => [`${path}.bias`, `${path}.weight`]);

const methods = [
  {
    method: 'lora',
    train: { lora: { rank: 4, dropout: 0.1 } },
    changed: [
      ...layers.flatMap((at) => [`${at}.attention.self.query.weight`, `${at}.attention.self.value.weight`]),
      ...pooler,
    ],
    added: head,
    fields: {},
  },
  {
    method: 'adapters',
    train: { adapters: { size: 8 } },
    changed: [...parts(norms), ...pooler],
    added: [
      ...layers.flatMap((at) =>
        ['attention', 'output'].flatMap((half) => parts([`${at}.adapters.${half}.down`, `${at}.adapters.${half}.up`])),
      ),
      ...head,
    ],
    fields: { adapter_size: 8 },
  },
  {
    method: 'prefix',
    train: { prefix: { length: 4, inner: 16 } },
    changed: pooler,
    added: [...[0, 1].flatMap((layer) => [`bert.prefix.${layer}.key`, `bert.prefix.${layer}.value`]), ...head],
    fields: { prefix_length: 4 },
  },
];

describe.each(methods)('$method', ({ method, train, changed, added, fields }) => {
  it('learns what the frozen encoder does not tell, and leaves all else as it was', async () => {
    const base = await baseOf(directory, bert);
    const job = tuningJob({ output: join(directory, method), base, train });
    const { metrics } = await runTuning(job).result;
    // Head and pooler alone come to 0.76.
    expect(metrics.accuracy).toBeGreaterThan(0.9);
    expect(await differences(base.folder, job.output)).toEqual({
      changed: [...changed].sort(),
      added: [...added].sort(),
    });
    const { config } = await readModelFolder(job.output, { verify: true });
    expect(config).toMatchObject({ ...bert, ...fields });
  });
});

describe.each([
  { ...bert, model_type: 'roberta', type_vocab_size: 1, pad_token_id: 0 },
  { ...bert, model_type: 'electra', embedding_size: 8 },
  { ...bert, model_type: 'albert', embedding_size: 8 },
  {
    model_type: 'distilbert',
    vocab_size: 29,
    dim: 16,
    n_layers: 2,
    n_heads: 2,
    hidden_dim: 24,
    max_position_embeddings: 18,
  },
])('all at once on $model_type', (config) => {
  it('train, fold, and answer as the trained graph does', async () => {
    const base = await baseOf(directory, config);
    const train = { maxSteps: 4, lora: { rank: 2 }, adapters: { size: 4 }, prefix: { length: 3, inner: 8 } };
    const job = tuningJob({ output: join(directory, `all-${config.model_type}`), base, train, examples: 64 });
    await runTuning(job).result;
    const { changed, added } = await differences(base.folder, job.output);
    const { prefix } = encoderFamily(config);
    const expected = /(query|value|q_lin|v_lin)\.weight$|norm\.(weight|bias)$|\.pooler\./i;
    expect(changed.filter((name) => !expected.test(name))).toEqual([]);
    expect(changed.filter((name) => /(query|value|q_lin|v_lin)\.weight$/.test(name))).not.toEqual([]);
    const news = new Set(
      added.map((name) => (name.includes('.adapters.') ? 'adapters' : name.split('.').slice(0, 2).join('.'))),
    );
    expect(news).toEqual(new Set(['adapters', `${prefix}.prefix`, 'classifier.bias', 'classifier.weight']));
    expect((await readModelFolder(job.output, { verify: true })).config).toMatchObject({
      adapter_size: 4,
      prefix_length: 3,
    });
  });
});

async function programOf(job: TrainingJob) {
  const trainingTask = capabilityOf(toyApp, TrainingTask)!;
  const { programs, parameters } = await prepareJob(job, {
    trainingTask,
    options: job.options as FineTuneOptions,
    logger: silentLogger,
  });
  const { model, gradients } = programs.train;
  const graph = readModel(model as Uint8Array);
  /** Values computed in the shape of the feed-forward matrices, either way round. */
  const dense = graph.nodes.filter(
    ({ op, outputs }) => op !== 'Transpose' && ['48,32', '32,48'].includes(outputs[0]!.shape.join()),
  );
  return {
    gradients: gradients.map(({ parameter }) => parameter),
    trained: parameters.filter(({ group }) => group !== undefined).map(({ name }) => name),
    dense: dense.length,
    nodes: graph.nodes.length,
  };
}

describe('a frozen encoder', () => {
  it('costs no gradient: neither an output of the graph, nor a node on the way to one, nor a moment', async () => {
    const base = await baseOf(directory, bert);
    const program = (train: Record<string, unknown>) =>
      programOf(tuningJob({ output: join(directory, 'never'), base, train, examples: 16 }));
    const [full, tuned] = [await program({}), await program({ lora: {} })];
    expect(full.gradients).toHaveLength(41);
    expect(full.dense).toBeGreaterThan(0);
    expect(tuned.gradients.filter((name) => !name.includes('.lora_'))).toEqual(
      [...pooler, ...head].sort((a, b) => tuned.gradients.indexOf(a) - tuned.gradients.indexOf(b)),
    );
    expect(tuned.gradients.filter((name) => name.includes('.lora_'))).toHaveLength(8);
    expect([...tuned.trained].sort()).toEqual([...tuned.gradients].sort());
    expect(tuned.dense).toBe(0);
    expect(tuned.nodes).toBeLessThan(full.nodes);
  });
});

describe('a tuned run', () => {
  it('gives bit-identical weights after an interruption and a resume', async () => {
    const base = await baseOf(directory, bert);
    const train = { epochs: 4, lora: { dropout: 0.1 }, prefix: { length: 2, inner: 4, dropout: 0.1 } };
    const request = (output: string) => tuningJob({ output: join(directory, output), base, train, examples: 160 });
    const whole = request('whole');
    await runTuning(whole).result;

    const controller = new AbortController();
    const interrupted = request('interrupted');
    const first = runTuning(interrupted, controller.signal);
    const timer = setInterval(() => {
      if (first.events.filter(({ type }) => type === 'step').length >= 3) controller.abort();
    }, 1);
    await expect(first.result).rejects.toThrow(AbortError);
    clearInterval(timer);
    const second = runTuning({ ...interrupted, resume: true });
    await second.result;
    expect(second.events.filter(({ type }) => type === 'step').length).toBeLessThan(40);
    expect(readFileSync(join(interrupted.output, 'model.safetensors'))).toEqual(
      readFileSync(join(whole.output, 'model.safetensors')),
    );
  });

  it('ends with the same weights when layers are recomputed, and when they learn at rates of their own', async () => {
    const base = await baseOf(directory, bert);
    const tuned = { lora: { dropout: 0.1 }, adapters: { size: 4 }, prefix: { length: 2, inner: 4 } };
    const results = [];
    for (const recompute of ['none', 'layers']) {
      const train = {
        maxSteps: 4,
        dropout: 0.1,
        layerDecay: 0.5,
        learningRates: { '*.bias': 1e-4 },
        recompute,
        ...tuned,
      };
      const job = tuningJob({ output: join(directory, `recompute-${recompute}`), base, train, examples: 32 });
      await runTuning(job).result;
      results.push((await readModelWeights(job.output)).tensors);
    }
    const [plain, cut] = results as [ReadonlyMap<string, HostTensor>, ReadonlyMap<string, HostTensor>];
    expect([...cut.keys()]).toEqual([...plain.keys()]);
    for (const [name, tensor] of plain) expect(allClose(cut.get(name)!, tensor, { atol: 1e-5 }), name).toBe(true);
  });

  it('can be the base of another: what stayed in the model is part of it', async () => {
    const base = await baseOf(directory, bert);
    const short = { maxSteps: 2, adapters: { size: 4 }, prefix: { length: 2, inner: 4 } };
    const first = tuningJob({ output: join(directory, 'first'), base, train: short, examples: 32 });
    await runTuning(first).result;
    const config = JSON.parse(readFileSync(join(first.output, 'config.json'), 'utf8'));
    const next = { id: 'first', revision: 'r', folder: first.output, config };
    const onward = (train: Record<string, unknown>) =>
      tuningJob({ output: join(directory, 'onward'), base: next, train: { maxSteps: 2, ...train }, examples: 32 });

    const again = onward({ adapters: { size: 4 }, unfreeze: ['*.prefix.0.*'] });
    await runTuning(again).result;
    const { changed, added } = await differences(first.output, again.output);
    expect(added).toEqual([]);
    expect(changed.filter((name) => name.includes('.adapters.')).length).toBe(16);
    expect(changed.filter((name) => name.includes('.prefix.'))).toEqual(['bert.prefix.0.key', 'bert.prefix.0.value']);

    await expect(runTuning(onward({ adapters: { size: 5 } })).result).rejects.toThrow(
      '/train/adapters/size must be 4, the size of the adapters that the base model has',
    );
    await expect(runTuning(onward({ prefix: {} })).result).rejects.toThrow(/\/train\/prefix must be left out/);
    const plain = { ...next, config: { ...config, adapter_size: undefined } };
    await expect(runTuning({ ...onward({}), base: plain }).result).rejects.toThrow(
      /'bert\.encoder\.layer\.0\.adapters\.attention\.down\.weight' is left over/,
    );
  });
});

describe('a recipe that cannot work', () => {
  const refused = (train: Record<string, unknown>, base?: Awaited<ReturnType<typeof baseOf>>) => {
    const job = tuningJob({ output: join(directory, 'never'), train, examples: 16, ...(base && { base }) });
    return expect(runTuning(base === undefined ? { ...job, recipe: {} } : job).result).rejects;
  };

  it('freezes an encoder that has learned nothing', async () => {
    await refused({ lora: {}, prefix: {} }).toThrow(
      "/train/lora needs a base model; name it in 'model'; /train/prefix needs a base model",
    );
  });

  it('leaves parameters random that the base model lacks', async () => {
    const base = await baseOf(directory, bert);
    const deeper = { ...base, config: { ...bert, num_hidden_layers: 3 } };
    const train = { lora: {}, allowMissing: ['bert.encoder.layer.2.*'] };
    await refused(train, deeper).toThrow(
      /\/train\/unfreeze lacks 'bert\.encoder\.layer\.2\.attention\.self\.query\.weight'/,
    );
    const job = tuningJob({
      output: join(directory, 'deeper'),
      base: deeper,
      train: { ...train, maxSteps: 1, unfreeze: ['*.layer.2.*'] },
      examples: 16,
    });
    await runTuning(job).result;
  });

  it('names targets and parameters that are not there', async () => {
    const base = await baseOf(directory, bert);
    await refused({ lora: { targets: ['*.query', '*.quary'] } }, base).toThrow(
      "/train/lora/targets/1 '*.quary' matches no linear layer of the encoder; names look like bert.encoder.layer.0.attention.self.query",
    );
    await refused({ lora: {}, unfreeze: ['*.LayerNrom.*'] }, base).toThrow(
      /\/train\/unfreeze\/0 '\*\.LayerNrom\.\*' matches no parameter/,
    );
    await refused({ learningRates: { 'bart.*': 1 } }, base).toThrow(
      /\/train\/learningRates\/0 'bart\.\*' matches no parameter/,
    );
  });
});
