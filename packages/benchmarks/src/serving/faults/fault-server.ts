import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadRequest } from '../client/load-client.js';
import { type RunningLoad, startLoad } from '../client/start-load.js';
import { type LogLine, ServedProgram, type ServedProgramOptions } from '../program/served-program.js';
import { faultTexts, writeFaultModel } from './fault-model.js';
import type { ScenarioContext } from './scenario.js';

/** Name under which the classifier is served. */
export const modelName = 'fault';

/** No more than is tried: every scenario starts a server of its own. */
export const plugins = ['store-local', 'backend-onnx', 'app-text-classification'];

export interface FaultServerOptions extends Omit<ServedProgramOptions, 'config'> {
  /** The `server` section of zooid.yaml; every request is logged only where a scenario reads the log. */
  readonly server?: Readonly<Record<string, unknown>>;
  /** Settings of the plugin that runs models. */
  readonly backend?: Readonly<Record<string, unknown>>;
  /** Further sections. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Folder of the model that {@link startFaultServer} serves. */
export const modelFolder = ({ folder }: Pick<ScenarioContext, 'folder'>): string => join(folder, modelName);

/** A server of its own for a scenario, with two workers and one tiny classifier. */
export async function startFaultServer(
  context: Pick<ScenarioContext, 'folder'>,
  { server = {}, backend = {}, config = {}, ...options }: FaultServerOptions = {},
): Promise<ServedProgram> {
  const folder = modelFolder(context);
  await writeFaultModel(folder, 1);
  return ServedProgram.start({
    ...options,
    config: {
      plugins,
      endpoints: { [modelName]: folder },
      settings: { 'backend-onnx': { workers: 2, ...backend } },
      ...config,
      server: { log: { access: false }, ...server },
    },
  });
}

/** Requests with texts of many lengths for the served classifier. */
export function faultRequests(name = modelName, count = 50): LoadRequest[] {
  return faultTexts(count).map((inputs) => ({ path: `/v1/apps/${name}`, body: JSON.stringify({ inputs }) }));
}

/** The load most scenarios run beside their fault: a closed loop. */
export function loadOn({ url }: Pick<ServedProgram, 'url'>, connections = 16, requests = faultRequests()): RunningLoad {
  return startLoad({ url, requests, connections });
}

/** Asks until `holds`, at most so long. @returns whether it did. */
export async function eventually(holds: () => boolean | Promise<boolean>, milliseconds = 30_000): Promise<boolean> {
  for (const until = performance.now() + milliseconds; performance.now() < until; await sleep(50)) {
    if (await holds()) return true;
  }
  return false;
}

/** Whether the server answers one ordinary request within a few seconds. */
export async function answers({ url }: Pick<ServedProgram, 'url'>, name = modelName): Promise<boolean> {
  const reply = await fetch(`${url}/v1/apps/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"inputs":"a fine film"}',
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
  await reply?.arrayBuffer();
  return reply?.status === 200;
}

/** Lines that tell of a fault in the server itself. */
export function faultsIn(log: readonly LogLine[]): string[] {
  const isFault = ({ level, text }: LogLine) =>
    level === 'fatal' ||
    (typeof text === 'string' && /unhandled|uncaught|FATAL ERROR|MaxListenersExceeded/i.test(text));
  return log.filter(isFault).map((line) => JSON.stringify(line).slice(0, 400));
}
