import { readFileSync } from 'node:fs';

/** Of this package, and so of the `zooid` command. */
export function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}
