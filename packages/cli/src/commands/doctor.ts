import { access, constants, mkdir } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import type { Kernel } from '@zooid/kernel';
import type { ServerConfig } from '@zooid/server';
import { type Check, check, failed } from '../doctor/check.js';
import { bindForAMoment } from '../doctor/port-check.js';
import { servingChecks } from '../doctor/serving-checks.js';
import { ChecksFailedError } from '../errors.js';
import { openHost, openProject, type Project } from '../host.js';
import { describeServer, readServerConfig } from '../server-config.js';
import { colorsOf, formatBytes, formatTable, print, printJson } from '../terminal.js';
import type { CommandContext } from './context.js';

/**
 * Checks what Zooid needs on this machine, and that everything zooid.yaml asks for can be had: plugins, models that load,
 * memory, keys, a free port.
 *
 * @throws ChecksFailedError when something is missing.
 */
export async function doctor(context: CommandContext): Promise<void> {
  const { terminal, options } = context;
  const checks: Check[] = [
    { name: 'node', ok: true, detail: `${process.version}, ${process.platform} ${process.arch}` },
    { name: 'machine', ok: true, detail: `${availableParallelism()} cores, ${formatBytes(totalmem())} memory` },
    await check('working directory', async () => {
      await access(process.cwd(), constants.W_OK);
      return `${process.cwd()} can be written`;
    }),
    await check('cache', async () => {
      const { cacheFolder } = terminal.environment;
      await mkdir(cacheFolder, { recursive: true });
      await access(cacheFolder, constants.W_OK);
      return `${cacheFolder} can be written`;
    }),
  ];
  const project = await openProject(terminal, options).catch((error: unknown) => {
    checks.push(failed('configuration', error)); // and nothing that depends on it can be told
  });
  if (project !== undefined) {
    checks.push({ name: 'configuration', ok: true, detail: describeProject(project) });
    checks.push(...(await checkServer(context, project)));
    checks.push(...(await checkHost(context)));
  }
  report(context, checks);
}

function describeProject({ config }: Project): string {
  if (config === undefined) return 'no zooid.yaml; everything by default';
  const { file, endpoints, aliases } = config;
  return `${file}: ${endpoints.length} endpoints, ${Object.keys(aliases).length} aliases`;
}

async function checkServer({ terminal }: CommandContext, project: Project): Promise<Check[]> {
  let config: ServerConfig;
  try {
    config = await readServerConfig(project, terminal.environment);
  } catch (error) {
    return [failed('server', error)];
  }
  const port = await check('port', () => bindForAMoment(config.host, config.port));
  // A default that nobody asked for may be taken by anybody.
  const { server, endpoints = [] } = project.config ?? {};
  const isChosen = server?.port !== undefined || terminal.environment.port !== undefined || endpoints.length > 0;
  return [{ name: 'server', ok: true, detail: describeServer(config) }, isChosen ? port : { ...port, ok: true }];
}

async function checkHost({ terminal, options }: CommandContext): Promise<Check[]> {
  const host = await openHost(terminal, options).catch((error: unknown) => failed('plugins', error));
  if ('ok' in host) return [host];
  await using _ = host;
  return [...(await checkKernel(host.kernel)), ...(await servingChecks(host.kernel, host.project))];
}

async function checkKernel(kernel: Kernel): Promise<Check[]> {
  const names = kernel.plugins.map(({ name }) => name).join(', ');
  const checks: Check[] = [{ name: 'plugins', ok: true, detail: names || 'none are loaded' }];
  for (const backend of kernel.backends) {
    checks.push(await check(`backend ${backend.name}`, async () => (await backend.check?.()) ?? 'loaded'));
  }
  for await (const { id, store } of kernel.models.list()) {
    if (kernel.stores.get(store).remote === true) continue; // resolving might fetch; `zooid cache verify` checks those
    checks.push(
      await check(
        `model ${id}`,
        async () => `revision ${(await kernel.models.resolve(id)).revision.slice(0, 12)}, files verified`,
      ),
    );
  }
  return checks;
}

function report({ terminal, options }: CommandContext, checks: readonly Check[]): void {
  if (options.json) printJson(terminal, checks);
  else {
    const { bold, green, red } = colorsOf(terminal, terminal.out);
    const rows = checks.map(({ name, ok, detail }) => [ok ? 'ok' : 'FAILED', name, detail]);
    const table = formatTable([['', 'check', 'found'], ...rows], bold);
    print(terminal, table.replaceAll(/^ok(?= )/gm, green('ok')).replaceAll(/^FAILED/gm, red('FAILED')));
  }
  const bad = checks.filter(({ ok }) => !ok).map(({ name }) => name);
  if (bad.length > 0) throw new ChecksFailedError(`failed: ${bad.join(', ')}`);
}
