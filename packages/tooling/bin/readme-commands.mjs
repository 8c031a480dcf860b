#!/usr/bin/env node
// Runs every ```sh block of the given Markdown files from the project root, in order, and fails with the first that
// fails. A block marked ```sh serve is started in the background, awaited on its /readyz, and must end with status 0
// on SIGTERM once the file is done. Identical blocks (the READMEs in two languages) run once.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const done = new Set();

for (const file of process.argv.slice(2)) await runFile(file);

async function runFile(file) {
  const blocks = [...readFileSync(join(root, file), 'utf8').matchAll(/^```sh( serve)?\n([\s\S]*?)^```/gm)];
  if (blocks.length === 0) fail(`${file} has no command to run`);
  const servers = [];
  for (const [, serve, script] of blocks) {
    if (done.has(script)) continue;
    done.add(script);
    process.stdout.write(`--- ${file}\n${script}`);
    if (serve) servers.push(await startServer(script));
    else {
      const { status } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      if (status !== 0) fail(`a command of ${file} ended with status ${status}:\n${script}`, servers);
    }
  }
  for (const server of servers) await stopServer(server, file);
}

async function startServer(script) {
  const port = Number(/--port[ =](\d+)/.exec(script)?.[1] ?? 3000);
  const isReady = () =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  if (await isReady()) fail(`port ${port} is taken, so this cannot be tried:\n${script}`);
  const child = spawn('bash', ['-c', `exec ${script.trim()}`], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  child.exited = exited;
  const deadline = Date.now() + 300_000;
  while (Date.now() < deadline) {
    if (await isReady()) return child;
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  fail(`the server did not become ready:\n${script}`, [child]);
}

async function stopServer(child, file) {
  // npm and npx run a shell that dies of the signal instead of passing it on; the server's own status does come through.
  process.kill(lastDescendant(child.pid), 'SIGTERM');
  const status = await child.exited;
  if (status !== 0)
    fail(`the server of ${file} ended with ${status} on SIGTERM instead of draining and leaving with 0`, [child]);
}

/** The process at the end of a chain such as bash → npm → sh → node. */
function lastDescendant(pid) {
  const child = processes().find(({ parent }) => parent === pid);
  return child === undefined ? pid : lastDescendant(child.pid);
}

/** Of the running processes: id and parent's id. Slim containers have no ps. */
function processes() {
  if (!existsSync('/proc/self/stat')) {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
    return lines.map((line) => line.trim().split(/\s+/).map(Number)).map(([pid, parent]) => ({ pid, parent }));
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        // pid (name) state ppid …; the name may hold anything.
        const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
        return { pid: Number(pid), parent: Number(parent) };
      } catch {
        return []; // ended meanwhile
      }
    });
}

function fail(message, servers = []) {
  for (const { pid } of servers) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // ended already
    }
  }
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
