// A third party's plugin in plain JavaScript: every kind of thing the commands need, with no network behind it.
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AbortError, ValidationError } from '@zooid/common';
import {
  App,
  DatasetFormat,
  definePlugin,
  IsInt,
  IsOptional,
  IsString,
  Max,
  Method,
  Min,
  ModelBackend,
  ModelStore,
  RecipeOptions,
  TextItem,
} from '@zooid/spec';

class EchoItem extends TextItem {}
IsOptional()(EchoItem.prototype, 'hint');
IsString()(EchoItem.prototype, 'hint');

class EchoParameters {
  delayMs = 0;
}
IsInt()(EchoParameters.prototype, 'delayMs');
Min(0)(EchoParameters.prototype, 'delayMs');

class EchoOptions {}
IsOptional()(EchoOptions.prototype, 'shout');
IsInt()(EchoOptions.prototype, 'shout');

class TrainOptions {
  steps = 5;
  stepMs = 1;
}
IsInt()(TrainOptions.prototype, 'steps');
Max(1000)(TrainOptions.prototype, 'steps');
IsInt()(TrainOptions.prototype, 'stepMs');

const echo = {
  name: 'echo',
  task: 'text-classification',
  description: 'Calls a text long or short',
  item: EchoItem,
  parameters: EchoParameters,
  output: { type: 'object' },
  capabilities: new Map([[RecipeOptions.key, EchoOptions]]),
  open: async () => {
    const run = async (items, { delayMs }, context) => {
      await sleep(delayMs, undefined, context?.signal && { signal: context.signal }).catch((cause) => {
        throw new AbortError(undefined, { cause });
      });
      return items.map(({ text }, i) => {
        if (text === 'odd') throw new ValidationError('item', [{ path: `/inputs/${i}/text`, message: 'is odd' }]);
        if (text === 'crash') throw new Error('the app broke');
        const intent = text.length > 5 ? 'long' : 'short';
        const other = intent === 'long' ? 'short' : 'long';
        return {
          intent,
          score: 0.75,
          scores: [
            { label: intent, score: 0.75 },
            { label: other, score: 0.25 },
          ],
          slots: text.includes('歌')
            ? [{ type: 'song', text: '歌', start: text.indexOf('歌'), end: text.indexOf('歌') + 1 }]
            : [],
        };
      });
    };
    return {
      run,
      async evaluate(records, context) {
        for (const [i, { label }] of records.entries()) {
          if (label === undefined)
            throw new ValidationError('records', [{ path: `/${i}/label`, message: 'is required' }]);
        }
        const answers = await run(records, { delayMs: 0 }, context);
        const right = answers.filter(({ intent }, i) => intent === records[i].label).length;
        const cases = () =>
          records.map(({ text, label }, index) => {
            const { intent, score } = answers[index];
            return { kind: 'labels', index, text, expected: [label], answered: [{ label: intent, score }] };
          });
        return { answers, metrics: { accuracy: right / records.length }, cases };
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};

const models = { tiny: 1000, 'org/other': 2_500_000 };

const store = {
  name: 'fake',
  async find(id) {
    if (!(id in models)) return undefined;
    const folder = process.cwd();
    return { id, revision: `${id}-1`, folder, config: {}, manifest: { app: 'echo', golden: 'golden.json' } };
  },
  async *list() {
    for (const [id, sizeBytes] of Object.entries(models))
      yield { id, store: 'fake', app: 'echo', license: 'MIT', sizeBytes };
  },
};

const report = (variant, more) => ({
  variant,
  file: `onnx/${variant}`,
  sizeBytes: variant === 'fp32' ? 2_000_000 : 500_000,
  accepted: true,
  maxDifference: 0,
  relativeDifference: 0,
  maxProbabilityDifference: 0,
  comparedOn: 'random',
  decisions: 4,
  changedDecisions: 0,
  keptFloat: [],
  ...more,
});

/** int8 differs by 0.05 and, where there is labelled data, loses what `--tolerance` does not allow. */
async function compare(
  folder,
  { variants, samples, evaluation, tolerance: { difference = 0.1, points = 0.5 }, onProgress },
) {
  const scores = await evaluation?.score({ artifacts: {} });
  return variants.map((variant) => {
    onProgress?.({ variant, step: 'build' });
    const scored = evaluation && {
      comparedOn: 'evaluation',
      evaluation: {
        ...evaluation,
        metric: 'accuracy',
        reference: scores.accuracy,
        value: scores.accuracy,
        lostPoints: 0,
      },
    };
    if (variant !== 'int8') return report(variant, { file: `${folder}/${samples.length}`, ...scored });
    const far = { maxDifference: 0.25, maxProbabilityDifference: 0.05, changedDecisions: 1, keptFloat: ['classifier'] };
    if (scored) Object.assign(scored.evaluation, { value: scores.accuracy - 0.01, lostPoints: 1 });
    if (scored ? points >= 1 : difference >= 0.05) return report(variant, { ...far, ...scored });
    return report(variant, {
      ...far,
      ...scored,
      accepted: false,
      refusal: scored ? 'loses 1 point' : 'outputs differ',
    });
  });
}

const backend = {
  name: 'fake',
  supports: () => true,
  check: async () => 'works',
  variants: ['fp32', 'fused', 'int8', 'fp16'],
  findVariants: ({ folder }) =>
    existsSync(join(folder, 'onnx', 'model.onnx')) ? { source: 'fp32', present: ['fp32', 'int8'] } : { present: [] },
  async exportGraph({ folder }) {
    await mkdir(join(folder, 'onnx'), { recursive: true });
    await writeFile(join(folder, 'onnx', 'model.onnx'), 'plain');
  },
  exportVariants: ({ folder }, request) => compare(folder, request),
  compareVariants: ({ folder }, request) => compare(folder, request),
  load: async (artifacts, { variant } = {}) => ({
    artifacts: { ...artifacts, variant },
    inputs: [{ name: 'input_ids', dtype: 'int64', shape: ['batch', 'sequence'] }],
    forward: async () => {
      await sleep(1);
      return {};
    },
    async [Symbol.asyncDispose]() {},
  }),
};

const format = {
  name: 'jsonl',
  extensions: ['.jsonl'],
  async *read(file) {
    for (const [i, raw] of (await readFile(file, 'utf8')).split('\n').entries()) {
      if (raw.trim() === '') continue;
      let record;
      try {
        record = JSON.parse(raw);
      } catch {
        yield { line: i + 1, raw, issue: 'is not valid JSON' };
        continue;
      }
      yield { line: i + 1, record };
    }
  },
};

/** Counts steps into a file, so that a resumed run can be seen to go on. */
const method = {
  name: 'fine-tune',
  description: 'Counts to a number',
  options: TrainOptions,
  misfit: () => undefined,
  async run({ output, options: { steps, stepMs }, resume }, { signal, progress }) {
    await mkdir(output, { recursive: true });
    const file = join(output, 'steps');
    let step = resume ? (await readFile(file, 'utf8')).length : 0;
    if (!resume) await writeFile(file, '');
    progress({ type: 'stage', name: 'training', detail: `${steps} steps` });
    while (step < steps) {
      await sleep(stepMs);
      step++;
      await appendFile(file, '.');
      progress({
        type: 'step',
        step,
        totalSteps: steps,
        epoch: 1,
        loss: 1 / step,
        learningRate: 1e-3,
        tokensPerSecond: 99,
      });
      if (signal?.aborted) {
        progress({ type: 'checkpoint', step, path: join(output, 'run', 'checkpoint') });
        throw new AbortError();
      }
    }
    const metrics = { accuracy: 1 };
    progress({ type: 'evaluation', step, split: 'validation', metrics, best: true });
    return { output, metrics };
  },
};

export default definePlugin({
  name: 'fake',
  provides: [App, ModelStore, ModelBackend, DatasetFormat, Method],
  register({ bind }) {
    bind(App).toConstantValue(echo);
    bind(ModelStore).toConstantValue(store);
    bind(ModelBackend).toConstantValue(backend);
    bind(DatasetFormat).toConstantValue(format);
    bind(Method).toConstantValue(method);
  },
});
