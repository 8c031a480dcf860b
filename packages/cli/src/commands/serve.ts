import { basename, resolve } from 'node:path';
import { type Logger, silentLogger } from '@zooid/common';
import type { Endpoint, Kernel } from '@zooid/kernel';
import { createJsonLogger, createServer, type ServerConfig } from '@zooid/server';
import { UsageError } from '../errors.js';
import { exampleOf } from '../examples.js';
import { type GlobalOptions, openHost, type Project } from '../host.js';
import { createLogger } from '../logger.js';
import { readServerConfig, type ServerSettings } from '../server-config.js';
import { listenForInterrupt } from '../signals.js';
import { colorsOf, note, print, printJson, type Terminal } from '../terminal.js';
import type { CommandContext } from './context.js';

export interface ServeOptions extends ServerSettings {
  /** `id=reference`, or a reference alone, which is served under its last part. */
  readonly model: readonly string[];
}

interface Served {
  readonly name: string;
  readonly model: string;
  readonly app?: string;
}

/** A request may keep the event loop busy with checks for as long as this many characters take, not longer. */
const servingLimits = { maxItems: 256, maxTextLength: 5000 };

/** Serves until SIGINT or SIGTERM: then unready, stop accepting, drain, release, return. */
export async function serve({ terminal, options }: CommandContext, settings: ServeOptions): Promise<void> {
  // From here on a signal ends the command in order, also while models are still loading.
  using interruption = listenForInterrupt((name) =>
    note(terminal, `${name}: finishing what has begun … (again to stop at once)`),
  );
  const { signal } = interruption;
  await using host = await openHost(terminal, options, { limits: servingLimits });
  const { kernel, project } = host;
  const config = await readServerConfig(project, terminal.environment, settings);
  const examples: Record<string, unknown> = {};
  // Before the models, so that its metrics count their loading.
  await using server = createServer({ kernel, config, examples, logger: serverLogger(terminal, config, options) });
  for (const { name, model, app } of await chooseModels(kernel, project, settings.model)) {
    if (signal.aborted) return;
    const endpoint = await kernel.endpoints.open(name, model, { signal, ...(app !== undefined && { app }) });
    const example = await exampleOf(kernel, endpoint);
    if (example !== undefined) examples[name] = example;
  }
  const { url } = await server.listen().catch((error: unknown) => {
    throw listenError(error, config);
  });
  announce(terminal, options.json ?? false, url, kernel.endpoints.list(), examples);
  await new Promise<void>((stop) => {
    if (signal.aborted) stop();
    else signal.addEventListener('abort', () => stop(), { once: true });
  });
  await server.close();
}

/** JSON lines without user text; short lines where a person watches. */
function serverLogger(terminal: Terminal, { log }: ServerConfig, { verbose = false }: GlobalOptions): Logger {
  const level = verbose ? 'debug' : log.level;
  if (terminal.err.isTTY !== true) return createJsonLogger(level, terminal.err);
  const order = ['debug', 'info', 'warn', 'error', 'silent'];
  const logger = createLogger(terminal, verbose);
  const from = (name: 'debug' | 'info' | 'warn' | 'error') =>
    order.indexOf(name) >= order.indexOf(level) ? logger[name] : silentLogger[name];
  return { debug: from('debug'), info: from('info'), warn: from('warn'), error: from('error') };
}

/** What the command line names; else what zooid.yaml names; else every model that is here without being fetched. */
async function chooseModels(kernel: Kernel, { config }: Project, named: readonly string[]): Promise<readonly Served[]> {
  if (named.length > 0) return unambiguous(named.map(parseModel));
  if (config !== undefined && config.endpoints.length > 0) return config.endpoints;
  const found: Served[] = [];
  for await (const { id, app, store } of kernel.models.list()) {
    if (kernel.stores.get(store).remote === true) continue;
    if (app !== undefined && kernel.apps.has(app)) found.push({ name: basename(id), model: id });
  }
  if (found.length === 0) {
    throw new UsageError('there is nothing to serve; name a model: zooid serve --model name=FOLDER');
  }
  return unambiguous(found);
}

function parseModel(text: string): Served {
  const [, name, reference] = /^([A-Za-z0-9][\w.-]*)=(.+)$/.exec(text) ?? [];
  if (name !== undefined && reference !== undefined) return { name, model: reference };
  return { name: basename(resolve(text.replace(/^([\w.-]+\/[\w.-]+)@.+$/, '$1'))), model: text };
}

function unambiguous(served: readonly Served[]): readonly Served[] {
  const names = served.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UsageError(`two models would be served as '${twice}'; name them: --model NAME=MODEL`);
  return served;
}

function listenError(error: unknown, { host, port }: ServerConfig): unknown {
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} is in use; choose another with --port`,
    EACCES: `port ${port} needs more rights; choose one above 1023 with --port`,
    EADDRNOTAVAIL: `this machine has no address ${host}; choose another with --host`,
    ENOTFOUND: `the host name ${host} is unknown; choose another with --host`,
  };
  const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''];
  return reason === undefined ? error : new UsageError(reason, { cause: error });
}

function announce(
  terminal: Terminal,
  json: boolean,
  url: string,
  endpoints: readonly Endpoint[],
  examples: Readonly<Record<string, unknown>>,
): void {
  const served = endpoints.map(({ name, app, model }) => ({ name, app: app.name, model }));
  if (json) {
    printJson(terminal, { url, apps: served });
    return;
  }
  const { bold, dim } = colorsOf(terminal, terminal.out);
  print(terminal, `Listening on ${bold(url)}`);
  for (const { name, app, model } of served) print(terminal, `  ${name}  ${dim(`${app}, ${model.id}`)}`);
  print(terminal);
  for (const { name } of endpoints) print(terminal, curl(url, name, examples[name] ?? 'hello'));
  print(terminal);
  print(terminal, `A page to try it: ${url}/   The API: ${url}/openapi.json`);
}

/** Works as printed in any POSIX shell. */
function curl(url: string, name: string, inputs: unknown): string {
  const body = JSON.stringify({ inputs }).replaceAll("'", `'\\''`);
  return `curl -s ${url}/v1/apps/${name} -H 'content-type: application/json' -d '${body}'`;
}
