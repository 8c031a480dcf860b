import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AbortError } from '@zooid/common';
import type { Endpoint } from '@zooid/kernel';
import type { DataLine } from '@zooid/spec';
import { answerBatch } from '../answer-batch.js';
import { UsageError } from '../errors.js';
import { openHost } from '../host.js';
import { completeLines, fileOutput, type LineOutput, streamOutput } from '../line-output.js';
import { openModel } from '../model.js';
import { parseParameters } from '../parameters.js';
import { itemOf, readRecords } from '../records.js';
import { listenForInterrupt } from '../signals.js';
import { note } from '../terminal.js';
import type { CommandContext } from './context.js';

export interface PredictOptions {
  /** Data file, or `-`. */
  readonly input: string;
  /** File, or `-`. */
  readonly output: string;
  /** Side file; default: `<output>.errors.jsonl`, or `err` when the output is `-`. */
  readonly errors?: string;
  readonly parameters?: string;
  readonly batch: number;
  readonly resume?: boolean;
}

/**
 * Copies JSON lines from input to output, each object with `prediction` added, in order. Lines that cannot be answered
 * go to a side file instead and do not stop the run.
 */
export async function predict(
  { terminal, options }: CommandContext,
  model: string,
  settings: PredictOptions,
): Promise<void> {
  const { input, output, batch, errors = output === '-' ? '-' : `${output}.errors.jsonl` } = settings;
  checkFiles(settings);
  const parameters = parseParameters(settings.parameters);
  const done = settings.resume ? await findDone(output, errors) : await startAfresh(errors);

  await using host = await openHost(terminal, options);
  using interruption = listenForInterrupt(() => note(terminal, 'stopping …'));
  const { signal } = interruption;
  const endpoint = await openModel(host.kernel, model, signal);
  await using results = output === '-' ? streamOutput(terminal.out) : fileOutput(output, done.outputBytes);
  await using refusals = errors === '-' ? streamOutput(terminal.err) : fileOutput(errors, done.errorBytes);
  const prediction = new Prediction(endpoint, parameters, input, results, refusals, signal);

  let skip = done.answered;
  let pending: DataLine[] = [];
  for await (const line of readRecords(input, host.kernel.data, terminal.in, signal)) {
    AbortError.throwIfAborted(signal);
    if (done.refused.has(line.line) || skip-- > 0) continue;
    pending.push(line);
    if (pending.length < batch) continue;
    await prediction.answer(pending);
    pending = [];
  }
  await prediction.answer(pending);
  const { answered, refused } = prediction;
  if (refused > 0)
    note(terminal, `${answered} lines answered, ${refused} set aside${errors === '-' ? '' : ` in ${errors}`}`);
}

/** Answers batches of lines and writes what becomes of them. */
class Prediction {
  answered = 0;
  refused = 0;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly parameters: object,
    private readonly input: string,
    private readonly results: LineOutput,
    private readonly refusals: LineOutput,
    private readonly signal: AbortSignal,
  ) {}

  async answer(lines: readonly DataLine[]): Promise<void> {
    const records = lines.flatMap((line) => ('record' in line ? [line.record] : []));
    const items = records.map((record) => itemOf(record, this.endpoint.app.item));
    const answers = await answerBatch(this.endpoint, items, this.parameters, this.signal);
    const good: string[] = [];
    const bad: string[] = [];
    for (const line of lines) {
      const answer = 'issue' in line ? { issues: [{ field: '', message: line.issue }] } : answers.shift()!;
      if ('output' in answer && 'record' in line) {
        good.push(JSON.stringify({ ...asObject(line.record), prediction: answer.output }));
      } else if ('issues' in answer) {
        this.refused++;
        for (const { field, message } of answer.issues) {
          bad.push(JSON.stringify({ file: this.input, line: line.line, ...(field !== '' && { field }), message }));
        }
      }
    }
    // Refusals first: --resume counts what both files hold, and only in this order is no line left without a trace.
    await this.refusals.write(bad);
    await this.results.write(good);
    this.answered += good.length;
  }
}

/** What an earlier run has done. */
interface Done {
  readonly answered: number;
  readonly outputBytes: number;
  /** Numbers of the lines that were set aside. */
  readonly refused: ReadonlySet<number>;
  readonly errorBytes: number;
}

async function findDone(output: string, errors: string): Promise<Done> {
  const refused = new Set<number>();
  const { bytes: errorBytes } = await completeLines(errors, (text) =>
    refused.add((JSON.parse(text) as { line: number }).line),
  );
  const { count, bytes } = await completeLines(output);
  return { answered: count, outputBytes: bytes, refused, errorBytes };
}

/** A side file that is not there then means that no line was set aside. */
async function startAfresh(errors: string): Promise<Done> {
  if (errors !== '-') await rm(errors, { force: true });
  return { answered: 0, outputBytes: 0, refused: new Set(), errorBytes: 0 };
}

/** @throws UsageError */
function checkFiles({ input, output, resume }: PredictOptions): void {
  if (resume && output === '-')
    throw new UsageError('--resume needs --output FILE: a pipe does not keep what was written');
  if (resume && input === '-') throw new UsageError('--resume needs --input FILE: a pipe cannot be read again');
  if (input !== '-' && !existsSync(input)) throw new UsageError(`--input ${input}: there is no such file`);
  if (input !== '-' && resolve(input) === resolve(output))
    throw new UsageError('--input and --output name the same file');
}

/** A bare string is shorthand for `{text}`, on the way in as on the way out. */
function asObject(record: unknown): object {
  return typeof record === 'object' && record !== null ? record : { text: record };
}
