import { readdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ZooidError } from '@zooid/common';
import type { ProgressEvent } from '@zooid/spec';
import { UsageError } from '../errors.js';
import { openHost } from '../host.js';
import { ProgressBar } from '../progress-bar.js';
import { listenForInterrupt } from '../signals.js';
import { note, print, type Terminal } from '../terminal.js';
import type { CommandContext } from './context.js';

export interface TrainOptions {
  readonly set: readonly string[];
  readonly output?: string;
  readonly resume?: boolean;
}

/** Trains from a recipe. Progress: a bar on `err` when that is a terminal, JSON lines on `out` when that is not. */
export async function train(
  { terminal, options }: CommandContext,
  recipe: string,
  { set, output = defaultOutput(recipe), resume = false }: TrainOptions,
): Promise<void> {
  if (!resume) await refuseOldRun(output);
  await using host = await openHost(terminal, options);
  const show = createProgress(terminal, options.json ?? false);
  const started = performance.now();
  let checkpoint: string | undefined;
  let done = false;
  using interruption = listenForInterrupt(() => {
    show.clear();
    note(terminal, 'stopping after this step, with a checkpoint … (again to stop at once)');
  });
  const { signal } = interruption;
  try {
    const prepared = await host.kernel.training.prepare(recipe, { overrides: set, output, resume, signal });
    show.event({ type: 'stage', name: 'data', detail: formatCounts(prepared.records) });
    const progress = (event: ProgressEvent) => {
      if (event.type === 'checkpoint') checkpoint = event.path;
      if (event.type === 'done') done = true;
      show.event(event);
    };
    const result = await host.kernel.training.run(prepared, { signal, logger: show.logger, progress });
    // Whoever reads the events waits for this one, also when the method leaves it out.
    if (!done) show.event({ type: 'done', ...result, seconds: (performance.now() - started) / 1000 });
    show.clear();
    if (terminal.out.isTTY && !options.json) {
      const folder = relative('.', result.output);
      print(terminal, `try it: zooid run ${shellWord(folder.startsWith('.') ? folder : `./${folder}`)} "some text"`);
    }
  } catch (error) {
    show.clear();
    if (ZooidError.is(error) && error.code === 'ABORTED') {
      note(
        terminal,
        checkpoint === undefined
          ? 'stopped before the first checkpoint; start again with the same command'
          : `stopped; checkpoint in ${checkpoint}. Go on with: ${resumeCommand(recipe, set, output)}`,
      );
    }
    throw error;
  }
}

/** `runs/cais` for `appzoo/intent/cais/recipe.yaml`: stable, so that --resume finds it again. */
function defaultOutput(recipe: string): string {
  const name = basename(recipe).replace(/\.ya?ml$/i, '');
  return join('runs', name === 'recipe' ? basename(dirname(resolve(recipe))) : name);
}

async function refuseOldRun(output: string): Promise<void> {
  const entries = await readdir(output).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new UsageError(
      `--output ${output} cannot be used: ${error.code === 'ENOTDIR' ? 'it is a file' : error.message}`,
    );
  });
  if (entries.length > 0) {
    throw new UsageError(
      `${output} holds a run already; go on with it with --resume, or name another folder with --output`,
    );
  }
}

function createProgress(terminal: Terminal, json: boolean) {
  const bar = terminal.err.isTTY ? new ProgressBar(terminal) : undefined;
  const lines = json || !terminal.out.isTTY;
  const log = (level: string) => (fields: object, message?: string) => {
    bar?.clear();
    note(
      terminal,
      [level, message, ...Object.entries(fields).map(([name, value]) => `${name}=${value}`)].filter(Boolean).join(' '),
    );
  };
  return {
    event(event: ProgressEvent): void {
      bar?.show(event);
      if (lines) terminal.out.write(`${JSON.stringify(event)}\n`);
    },
    clear: () => bar?.clear(),
    /** Keeps the bar and log lines apart. */
    logger: { debug: () => {}, info: log('info'), warn: log('warn'), error: log('error') },
  };
}

const formatCounts = (records: Readonly<Record<string, number>>): string =>
  Object.entries(records)
    .map(([split, count]) => `${split} ${count}`)
    .join(', ');

function resumeCommand(recipe: string, set: readonly string[], output: string): string {
  const words = [
    'zooid',
    'train',
    recipe,
    ...set.flatMap((override) => ['--set', override]),
    '--output',
    output,
    '--resume',
  ];
  return words.map(shellWord).join(' ');
}

const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
