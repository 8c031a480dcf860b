import type { PulledModel } from '@zooid/spec';
import { UnavailableError } from '../errors.js';
import { openHost } from '../host.js';
import { listenForInterrupt } from '../signals.js';
import { formatBytes, note, print } from '../terminal.js';
import { transferDisplay } from '../transfer-progress.js';
import type { CommandContext } from './context.js';

export interface PullSettings {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/**
 * Fetches a model. Prints its folder, or with --json what happens as lines, of which the last has type `done`. A model that a
 * store has without fetching is there already.
 */
export async function pull(
  { terminal, options }: CommandContext,
  model: string,
  { include, exclude }: PullSettings,
): Promise<void> {
  await using host = await openHost(terminal, options);
  const { stores, models } = host.kernel;
  const display = transferDisplay(terminal, options.json ?? false);
  using interruption = listenForInterrupt(() => {
    display.clear();
    note(terminal, 'stopping …; the same command goes on where it stopped');
  });
  const { signal } = interruption;
  const request = {
    ...(include.length > 0 && { include }),
    ...(exclude.length > 0 && { exclude }),
    signal,
    progress: display.show,
  };
  let fetched: PulledModel | undefined;
  let able = 0;
  try {
    for (const store of stores) {
      if (store.pull === undefined || fetched !== undefined) continue;
      able++;
      fetched = await store.pull(model, request);
    }
  } finally {
    display.clear();
  }
  if (able === 0) {
    throw new UnavailableError(
      "'pull' needs a store plugin that fetches models, and no loaded plugin is one; load store-hub with --plugin or in zooid.yaml",
    );
  }
  const { id, revision, folder, ...counts } = fetched ?? (await models.resolve(model, { signal }));
  if (options.json) {
    const moved = 'files' in counts ? counts : { files: 0, bytes: 0, fetchedBytes: 0 };
    terminal.out.write(`${JSON.stringify({ type: 'done', id, revision, folder, ...moved })}\n`);
    return;
  }
  if (terminal.err.isTTY && fetched !== undefined) {
    const { files, bytes, fetchedBytes } = fetched;
    const share = fetchedBytes === 0 ? 'all of it was here' : `${formatBytes(fetchedBytes)} fetched`;
    note(terminal, `${id} ${revision.slice(0, 12)}: ${files} files, ${formatBytes(bytes)}, ${share}`);
  }
  print(terminal, folder);
}
