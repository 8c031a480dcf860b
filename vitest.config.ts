import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));

/** Tests read the sources of every workspace package, so a stale build cannot hide a failure; workers run from dist. */
const alias = ['packages', 'plugins'].flatMap((group) =>
  readdirSync(`${root}${group}`).map((name) => ({
    find: new RegExp(`^@zooid/${name}$`),
    replacement: `${root}${group}/${name}/src/index.ts`,
  })),
);

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['packages/**/*.test.ts', 'plugins/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    testTimeout: 30_000,
  },
});
