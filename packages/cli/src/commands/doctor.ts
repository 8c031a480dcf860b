import { access, constants, mkdir } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import type { Kernel } from '@zooid/kernel';
import { ChecksFailedError } from '../errors.js';
import { openHost, openProject } from '../host.js';
import { describeServer, readServerConfig } from '../server-config.js';
import { colorsOf, formatBytes, formatTable, print, printJson } from '../terminal.js';
import type { CommandContext } from './context.js';

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Checks what Zooid needs on this machine. @throws ChecksFailedError when something is missing. */
export async function doctor({ terminal, options }: CommandContext): Promise<void> {
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
    await check('server', async () =>
      describeServer(await readServerConfig(await openProject(terminal, options), terminal.environment)),
    ),
  ];
  const host = await openHost(terminal, options).catch((error: unknown) => {
    checks.push(failed('plugins', error));
  });
  if (host !== undefined) {
    await using _ = host;
    checks.push(...(await checkKernel(host.kernel)));
  }
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

async function check(name: string, work: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await work() };
  } catch (error) {
    return failed(name, error);
  }
}

const failed = (name: string, error: unknown): Check => ({
  name,
  ok: false,
  detail: error instanceof Error ? error.message : String(error),
});
