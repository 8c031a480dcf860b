import type { PushedModel } from '@zooid/spec';
import { UnavailableError, UsageError } from '../errors.js';
import { openHost } from '../host.js';
import { listenForInterrupt } from '../signals.js';
import { formatBytes, note, print } from '../terminal.js';
import { transferDisplay } from '../transfer-progress.js';
import type { CommandContext } from './context.js';

export interface PushSettings {
  readonly message?: string;
  readonly branch?: string;
  readonly create?: boolean;
  readonly private?: boolean;
}

/** Publishes a model folder. Prints the address of the commit, or with --json lines, of which the last has type `done`. */
export async function push(
  { terminal, options }: CommandContext,
  folder: string,
  model: string,
  { message, branch, create, private: isPrivate }: PushSettings,
): Promise<void> {
  if (isPrivate === true && create !== true) {
    throw new UsageError('--private says how a new repository is made; it needs --create');
  }
  await using host = await openHost(terminal, options);
  const display = transferDisplay(terminal, options.json ?? false);
  using interruption = listenForInterrupt(() => {
    display.clear();
    note(terminal, 'stopping …; nothing is published before all of it is there');
  });
  const request = {
    ...(message !== undefined && { message }),
    ...(branch !== undefined && { branch }),
    ...(create !== undefined && { create }),
    ...(isPrivate !== undefined && { private: isPrivate }),
    signal: interruption.signal,
    progress: display.show,
  };
  let pushed: PushedModel | undefined;
  let able = 0;
  try {
    for (const store of host.kernel.stores) {
      if (store.push === undefined || pushed !== undefined) continue;
      able++;
      pushed = await store.push(folder, model, request);
    }
  } finally {
    display.clear();
  }
  if (able === 0) {
    throw new UnavailableError(
      "'push' needs a store plugin that publishes models, and no loaded plugin is one; load store-hub with --plugin or in zooid.yaml",
    );
  }
  if (pushed === undefined) throw new UsageError(`'${model}' is no name to publish under; write it as org/name`);
  if (options.json) {
    terminal.out.write(`${JSON.stringify({ type: 'done', ...pushed })}\n`);
    return;
  }
  if (terminal.err.isTTY)
    note(terminal, `${pushed.files} files, ${formatBytes(pushed.bytes)} published as ${pushed.id}`);
  print(terminal, pushed.url);
}
