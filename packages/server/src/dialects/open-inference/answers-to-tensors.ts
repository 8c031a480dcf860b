import { type Issue, ValidationError } from '@zooid/common';
import type { Endpoint } from '@zooid/kernel';
import type { LabelScore, TaskId } from '@zooid/spec';
import { asTask } from '../as-task.js';
import type { InferenceRequest } from './request.js';
import { refuseOthers } from './transport-parameters.js';

/** One output tensor, as the protocol writes it. */
export interface OutputTensor {
  readonly name: string;
  readonly datatype: 'BYTES' | 'FP32' | 'FP64';
  readonly shape: readonly number[];
  readonly data: readonly (string | number)[];
}

interface OutputKind extends Pick<OutputTensor, 'name' | 'datatype'> {
  /** With -1 for what depends on the request. */
  readonly shape: readonly number[];
  /** From the app's outputs and the same in the shapes of its task. */
  write(outputs: readonly unknown[], answers: readonly unknown[]): Pick<OutputTensor, 'shape' | 'data'>;
}

/** Whatever an app answers, as one JSON document per item. */
const output: OutputKind = {
  name: 'output',
  datatype: 'BYTES',
  shape: [-1],
  write: (outputs) => ({ shape: [outputs.length], data: outputs.map((one) => JSON.stringify(one)) }),
};

/** The best label of each item; none, when every label was below a threshold, is an empty text with score 0. */
const best = (answers: readonly unknown[]) =>
  answers.map((answer): LabelScore => (answer as readonly LabelScore[])[0] ?? { label: '', score: 0 });

/** What is worth a tensor of its own, per task; first those that answer when no output is asked for. */
const kinds: Readonly<Partial<Record<TaskId, readonly OutputKind[]>>> = {
  'text-classification': [
    {
      name: 'label',
      datatype: 'BYTES',
      shape: [-1],
      write: (_, answers) => ({ shape: [answers.length], data: best(answers).map(({ label }) => label) }),
    },
    {
      name: 'score',
      datatype: 'FP64',
      shape: [-1],
      write: (_, answers) => ({ shape: [answers.length], data: best(answers).map(({ score }) => score) }),
    },
    output,
  ],
  'feature-extraction': [
    { name: 'embedding', datatype: 'FP32', shape: [-1, -1], write: (_, answers) => matrix(answers) },
  ],
};

const kindsOf = ({ app }: Endpoint) => kinds[app.task] ?? [output];

/** For the metadata of a model. */
export function outputsOf(endpoint: Endpoint) {
  return kindsOf(endpoint).map(({ name, datatype, shape }) => ({ name, datatype, shape }));
}

/** Names of the outputs asked for; all, when none is. @throws ValidationError naming the known ones. */
export function requestedOutputs({ outputs }: InferenceRequest, endpoint: Endpoint): readonly string[] {
  const known = kindsOf(endpoint).map(({ name }) => name);
  const issues: Issue[] = [];
  for (const [index, { name, parameters }] of (outputs ?? []).entries()) {
    const at = `/outputs/${index}`;
    if (!known.includes(name)) issues.push({ path: `${at}/name`, message: `must be one of: ${known.join(', ')}` });
    refuseOthers(parameters, `${at}/parameters`, issues);
  }
  if (issues.length > 0) throw new ValidationError('request', issues);
  return outputs === undefined || outputs === null || outputs.length === 0 ? known : outputs.map(({ name }) => name);
}

/** @throws ValidationError when the answers have no form as one of `names`. */
export function tensorsOf(outputs: readonly unknown[], endpoint: Endpoint, names: readonly string[]): OutputTensor[] {
  const answers = outputs.map((one) => asTask(endpoint).answer(one));
  return kindsOf(endpoint)
    .filter(({ name }) => names.includes(name))
    .map(({ name, datatype, write }) => ({ name, datatype, ...write(outputs, answers) }));
}

function matrix(answers: readonly unknown[]): Pick<OutputTensor, 'shape' | 'data'> {
  const rows = answers as readonly (readonly number[])[];
  const width = rows[0]?.length ?? 0;
  if (!rows.every((row) => row.length === width && typeof row[0] === 'number')) {
    const message = `must not be 'none' here: token vectors of texts of different lengths are no tensor`;
    throw new ValidationError('request', [{ path: '/parameters/pooling', message }]);
  }
  return { shape: [rows.length, width], data: rows.flat() };
}
