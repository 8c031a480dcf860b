import { type Logger, silentLogger, ZooidError } from '@zooid/common';
import type { ConfiguredEndpoint, Kernel } from '@zooid/kernel';
import { createJsonLogger, createServer, GatheredLines, type ServerConfig } from '@zooid/server';
import { explainBindError } from '../doctor/port-check.js';
import { exampleOf } from '../examples.js';
import { type GlobalOptions, openHost } from '../host.js';
import { createLogger } from '../logger.js';
import { reloadOnHangup } from '../reload-on-hangup.js';
import { chooseModels } from '../served-models.js';
import { readServerConfig, type ServerSettings } from '../server-config.js';
import { listenForInterrupt } from '../signals.js';
import { colorsOf, note, print, printJson, type Terminal } from '../terminal.js';
import type { CommandContext } from './context.js';

export interface ServeOptions extends ServerSettings {
  /** `name=model`, `name@version=model`, or a model alone, which is served under its last part. */
  readonly model: readonly string[];
}

/** A request may keep the event loop busy with checks for as long as this many characters take, not longer. */
const servingLimits = { maxItems: 256, maxTextLength: 5000 };

/**
 * Serves until SIGINT or SIGTERM: then unready, stop accepting, drain, release, return. A model that is loading then is
 * waited for and released as well, because a worker inside a native call can be neither stopped nor left behind.
 */
export async function serve({ terminal, options }: CommandContext, settings: ServeOptions): Promise<void> {
  // From here on a signal ends the command in order, also while models are still loading.
  using interruption = listenForInterrupt((name) =>
    note(terminal, `${name}: finishing what has begun … (again to stop at once)`),
  );
  const { signal } = interruption;
  await using host = await openHost(terminal, options, { limits: servingLimits, withinBudget: true });
  const { kernel, project } = host;
  const config = await readServerConfig(project, terminal.environment, settings);
  const examples: Record<string, unknown> = {};
  using lines = new GatheredLines(terminal.err);
  const logger = serverLogger(terminal, lines, config, options);
  // Before the models, so that its metrics count their loading.
  await using server = createServer({ kernel, config, examples, logger });
  const { endpoints, aliases } = await chooseModels(kernel, project, settings.model);
  const configFile = settings.model.length === 0 ? project.config?.file : undefined;
  await using hangup = reloadOnHangup({ kernel, logger, ...(configFile !== undefined && { configFile }) });
  if (!(await openAll(kernel, endpoints, examples, signal))) return;
  kernel.endpoints.setAliases(aliases);
  const { url } = await server.listen().catch((error: unknown) => {
    throw explainBindError(error, config.host, config.port);
  });
  announce(terminal, options.json ?? false, url, kernel, examples);
  hangup.begin();
  await new Promise<void>((stop) => {
    if (signal.aborted) stop();
    else signal.addEventListener('abort', () => stop(), { once: true });
  });
  await server.close();
}

/** @returns False when it was interrupted: whoever stops a server that is starting gets what was asked for. */
async function openAll(
  kernel: Kernel,
  endpoints: readonly ConfiguredEndpoint[],
  examples: Record<string, unknown>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    for (const { name, model, ...options } of endpoints) {
      if (signal.aborted) return false;
      const endpoint = await kernel.endpoints.open(name, model, { ...options, signal });
      const example = await exampleOf(kernel, endpoint);
      if (example !== undefined) examples[name] = example;
    }
    return true;
  } catch (error) {
    if (signal.aborted && ZooidError.is(error) && error.code === 'ABORTED') return false;
    throw error;
  }
}

/** JSON lines without user text; short lines where a person watches. */
function serverLogger(
  terminal: Terminal,
  lines: GatheredLines,
  { log }: ServerConfig,
  { verbose = false }: GlobalOptions,
): Logger {
  const level = verbose ? 'debug' : log.level;
  if (terminal.err.isTTY !== true) return createJsonLogger(level, lines);
  const order = ['debug', 'info', 'warn', 'error', 'silent'];
  const logger = createLogger(terminal, verbose);
  const from = (name: 'debug' | 'info' | 'warn' | 'error') =>
    order.indexOf(name) >= order.indexOf(level) ? logger[name] : silentLogger[name];
  return { debug: from('debug'), info: from('info'), warn: from('warn'), error: from('error') };
}

function announce(
  terminal: Terminal,
  json: boolean,
  url: string,
  { endpoints }: Kernel,
  examples: Readonly<Record<string, unknown>>,
): void {
  const served = endpoints
    .list()
    .map(({ address, app, state, model }) => ({ name: address, app: app.name, state, model }));
  const { aliases } = endpoints;
  if (json) {
    printJson(terminal, { url, apps: served, ...(Object.keys(aliases).length > 0 && { aliases }) });
    return;
  }
  const { bold, dim } = colorsOf(terminal, terminal.out);
  print(terminal, `Listening on ${bold(url)}`);
  for (const { name, app, state, model } of served) {
    print(
      terminal,
      `  ${name}  ${dim(`${app}, ${model.id}${state === 'loaded' ? '' : ', loads at its first request'}`)}`,
    );
  }
  for (const [alias, target] of Object.entries(aliases)) print(terminal, `  ${alias}  ${dim(`→ ${target}`)}`);
  print(terminal);
  for (const name of new Set(endpoints.list().map(({ name }) => name))) {
    print(terminal, curl(url, name, examples[name] ?? 'hello'));
  }
  print(terminal);
  print(terminal, `A page to try it: ${url}/   The API: ${url}/openapi.json`);
}

/** Works as printed in any POSIX shell. */
function curl(url: string, name: string, inputs: unknown): string {
  const body = JSON.stringify({ inputs }).replaceAll("'", `'\\''`);
  return `curl -s ${url}/v1/apps/${name} -H 'content-type: application/json' -d '${body}'`;
}
