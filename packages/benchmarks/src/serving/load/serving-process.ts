import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../../cli/bin/zooid.js', import.meta.url));

/** `zooid serve` as users start it. */
export interface ServingProcess extends AsyncDisposable {
  readonly url: string;
}

/** @param config content of zooid.yaml; JSON is YAML. The port is chosen freely. */
export async function startServing(config: Readonly<Record<string, unknown>>): Promise<ServingProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'zooid-load-'));
  const file = join(folder, 'zooid.yaml');
  await writeFile(file, JSON.stringify(config));
  const child = spawn(process.execPath, [program, 'serve', '--config', file, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk;
      const [, found] = /"url"\s*:\s*"([^"]+)"/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    exited.then(() => reject(new Error(`zooid serve ended before it listened: ${Buffer.concat(errors)}`)));
  });
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
