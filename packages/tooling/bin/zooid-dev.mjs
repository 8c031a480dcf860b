#!/usr/bin/env node
// What `npm start`, `npm test`, `npm run bench` and `npm run zooid` share: install and build what is missing, then run.
// Plain JavaScript without dependencies, because it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const [command, ...rest] = process.argv.slice(2);
const parent = process.ppid;

requireNode(20, 19);
install();
if (command !== 'install') build();

const commands = {
  install: () => 0,
  build: () => 0,
  start: () => run('packages/cli/bin/zooid.js', ['serve', ...rest]),
  cli: () => run('packages/cli/bin/zooid.js', rest),
  bench: () => run('packages/benchmarks/dist/main.js', rest),
  test,
};
if (!Object.hasOwn(commands, command))
  fail(`unknown command '${command}'; one of: ${Object.keys(commands).join(', ')}`);
process.exitCode = await commands[command]();

function requireNode(major, minor) {
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number);
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return;
  fail(`Zooid needs Node ${major}.${minor} or newer; this is ${process.version}. Get it from nodejs.org.`);
}

/** Installs when a manifest changed since the last install here. Install scripts stay off: none of ours needs them. */
function install() {
  const stamp = join(root, 'node_modules/.zooid-install');
  const digest = manifestDigest();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  note('Installing dependencies (first run only) …');
  // Output goes to stderr, so that what the command itself prints can be piped.
  const result = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) fail('npm install failed; see the messages above. Is the npm registry reachable?');
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(stamp, manifestDigest());
}

function manifestDigest() {
  const hash = createHash('sha256');
  const manifests = ['packages', 'plugins', 'examples'].flatMap((group) =>
    existsSync(join(root, group))
      ? readdirSync(join(root, group)).map((name) => join(group, name, 'package.json'))
      : [],
  );
  for (const file of ['package.json', ...manifests.sort()]) {
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** Incremental: about a second when nothing changed. */
function build() {
  const result = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (result.status !== 0) fail('the build failed; see the messages above');
}

/** All tests, and a last line that counts them. */
async function test() {
  const folder = mkdtempSync(join(tmpdir(), 'zooid-test-'));
  const report = join(folder, 'report.json');
  const status = await run('node_modules/vitest/vitest.mjs', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...rest,
  ]);
  if (existsSync(report)) {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    process.stdout.write(`${numPassedTests} passed, ${numFailedTests} failed${skipped}\n`);
  }
  rmSync(folder, { recursive: true, force: true });
  return status;
}

/** Runs one of our programs with this terminal. @returns its exit status. */
function run(script, args) {
  const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the child by itself; waiting for it lets it finish in order.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  // `npm start` puts a shell between npm and us that dies of the SIGTERM npm passes on, without telling us.
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref();
  return new Promise((resolve) => {
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function note(message) {
  process.stderr.write(`${message}\n`);
}

function fail(message) {
  note(`zooid: ${message}`);
  process.exit(1);
}
