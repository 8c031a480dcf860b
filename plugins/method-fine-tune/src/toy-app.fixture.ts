import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import { classificationHead, type EncoderOutput, encoderFamily, type ModuleContext } from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import { type App, type AppInstance, type DataSplit, type Model, NoParameters, TextItem } from '@zooid/spec';
import { type HostTensor, Random, type TensorMap } from '@zooid/tensor';
import { type Features, type PreparedTask, TrainingTask } from '@zooid/trainer';

/** A text of letters and whether it holds the last one. */
export interface ToyExample {
  readonly text: string;
  readonly label: string;
}

interface ToyFeatures extends Features {
  readonly ids: readonly number[];
  readonly label: number;
}

const special = 3; // [PAD], [CLS], [SEP]

/** A whole trainable app in one screen: letters as tokens, one label per text. */
export class ToyTask implements PreparedTask {
  readonly inputs: readonly string[];
  readonly outputs = ['logits'];
  readonly groups: PreparedTask['groups'];
  readonly files = new Map([['vocab.txt', '[PAD]\n[CLS]\n[SEP]\n']]);
  readonly config: Readonly<Record<string, unknown>>;

  constructor(
    encoderConfig: Readonly<Record<string, unknown>>,
    private readonly labels: readonly string[],
    private readonly bias = 0,
  ) {
    this.config = { ...encoderConfig, toy: { labels, bias } };
    const family = encoderFamily(this.config);
    this.inputs = family.inputs(family.parse(this.config));
    this.groups = [{ name: 'head', match: (name) => !name.startsWith(`${family.prefix}.`) }];
  }

  featurize(example: ToyExample): ToyFeatures {
    const ids = [1, ...Array.from(example.text, (letter) => special + letter.charCodeAt(0) - 97), 2];
    return { length: ids.length, ids, label: this.labels.indexOf(example.label) };
  }

  collate(
    rows: readonly ToyFeatures[],
    { training, labels = training }: { training: boolean; labels?: boolean },
  ): TensorMap {
    const width = Math.max(...rows.map(({ length }) => length));
    const int64 = (dims: number[], value: (row: number, column: number) => number): HostTensor<'int64'> => ({
      dtype: 'int64',
      dims,
      data: BigInt64Array.from({ length: dims[0]! * (dims[1] ?? 1) }, (_, i) =>
        BigInt(value(Math.floor(i / (dims[1] ?? 1)), i % (dims[1] ?? 1))),
      ),
    });
    const shape = [rows.length, width];
    return {
      input_ids: int64(shape, (row, column) => rows[row]!.ids[column] ?? 0),
      attention_mask: int64(shape, (row, column) => (column < rows[row]!.length ? 1 : 0)),
      ...(this.inputs.includes('token_type_ids') ? { token_type_ids: int64(shape, () => 0) } : {}),
      ...(labels ? { labels: int64([rows.length], (row) => rows[row]!.label) } : {}),
    };
  }

  head(context: ModuleContext, encoder: EncoderOutput): Readonly<Record<string, Value>> {
    return {
      logits: classificationHead(context, encoder.pooledOutput(), { labels: this.labels.length, dropout: 0.1 }),
    };
  }

  loss(context: ModuleContext, { logits }: Readonly<Record<string, Value>>): Value {
    const labels = context.input('labels', 'int64', ['batch']);
    return logits!
      .logSoftmax(-1)
      .gatherElements(labels.unsqueeze([1]), 1)
      .neg()
      .mean([0, 1], false);
  }

  decode({ logits }: TensorMap): string[] {
    const width = this.labels.length;
    return Array.from({ length: logits!.dims[0]! }, (_, row) => {
      const scores = Array.from(logits!.data.slice(row * width, (row + 1) * width), Number);
      return this.labels[scores.indexOf(Math.max(...scores))]!;
    });
  }

  metrics(answers: readonly string[], examples: readonly ToyExample[]): Record<string, number> {
    return { accuracy: answers.filter((answer, i) => answer === examples[i]!.label).length / answers.length };
  }

  calibrate(): Record<string, unknown> {
    return { toy: { labels: this.labels, bias: 1 } };
  }

  goldenItems(examples: readonly ToyExample[]): readonly TextItem[] {
    return examples.slice(0, 2).map(({ text }) => ({ text }));
  }

  get calibrated(): boolean {
    return this.bias === 1;
  }
}

const toyTraining: TrainingTask = {
  parse(record) {
    const { text, label } = record as Partial<ToyExample>;
    if (typeof text !== 'string' || !/^[a-z]+$/.test(text)) {
      throw new ValidationError('record', [{ path: '/text', message: 'must be lower-case letters' }]);
    }
    return { text, label };
  },
  async prepare(examples: readonly ToyExample[], { encoderConfig, baseFolder }) {
    const config = baseFolder === undefined ? { ...encoderConfig, vocab_size: special + 26 } : encoderConfig;
    return new ToyTask(config, [...new Set(examples.map(({ label }) => label))].sort());
  },
  async restore(folder) {
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    return new ToyTask(config, config.toy.labels, config.toy.bias);
  },
};

export const toyApp: App<TextItem, NoParameters, string> = {
  name: 'toy',
  task: 'text-classification',
  description: 'Whether a text holds a z',
  item: TextItem,
  parameters: NoParameters,
  output: { type: 'string' },
  capabilities: new Map([[TrainingTask.key, toyTraining]]),
  async open(model: Model): Promise<AppInstance<TextItem, NoParameters, string>> {
    const task = (await toyTraining.restore(model.artifacts.folder, {})) as ToyTask;
    return {
      async run(items) {
        const features = items.map(({ text }) => task.featurize({ text, label: '' }));
        return task.decode(await model.forward(task.collate(features, { training: false })));
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};

/** A split held in memory. */
export function toySplit(name: string, records: readonly unknown[]): DataSplit {
  return {
    name,
    files: [`/data/${name}.jsonl`],
    digest: name.padEnd(64, '0').replace(/[^0-9a-f]/g, '0'),
    async *records() {
      for (const [i, record] of records.entries()) yield { record, origin: `${name}.jsonl:${i + 1}` };
    },
  };
}

/** Random words of the alphabet up to `last`, which every second one holds. */
export function toyExamples(count: number, seed: number, last = 'z'): ToyExample[] {
  const random = new Random(seed);
  const others = last.charCodeAt(0) - 97;
  return Array.from({ length: count }, (_, i) => {
    const letters = Array.from({ length: 3 + random.int(6) }, () => String.fromCharCode(97 + random.int(others)));
    if (i % 2 === 0) letters[random.int(letters.length)] = last;
    return { text: letters.join(''), label: i % 2 === 0 ? 'yes' : 'no' };
  });
}
