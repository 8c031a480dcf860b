import type { Kernel } from '@zooid/kernel';
import { openHost } from '../host.js';
import { colorsOf, formatBytes, formatTable, print, printJson } from '../terminal.js';
import type { CommandContext } from './context.js';

type Row = Readonly<Record<string, string | number | readonly string[]>>;

/** What each listing shows. The keys are the subcommands and, with --json, the fields are stable. */
export const listings = {
  apps: {
    summary: 'apps that loaded plugins provide',
    rows: ({ apps }) => [...apps].map(({ name, task, description }) => ({ name, task, description })),
  },
  methods: {
    summary: 'training methods that loaded plugins provide',
    rows: ({ methods }) => [...methods].map(({ name, description }) => ({ name, description })),
  },
  backends: {
    summary: 'model backends that loaded plugins provide',
    rows: ({ backends }) => [...backends].map(({ name }) => ({ name })),
  },
  models: {
    summary: 'models in the stores',
    rows: async ({ models }) => {
      const rows: Row[] = [];
      for await (const { id, app = '', store, license = '', sizeBytes, description = '' } of models.list()) {
        rows.push({ id, app, store, license, sizeBytes, description });
      }
      return rows;
    },
  },
  plugins: {
    summary: 'loaded plugins',
    rows: ({ plugins }) =>
      plugins.map(({ name, provides, requires = [] }) => ({
        name,
        provides: provides.map(tokenName),
        requires: requires.map(tokenName),
      })),
  },
} as const satisfies Record<
  string,
  { summary: string; rows: (kernel: Kernel) => readonly Row[] | Promise<readonly Row[]> }
>;

export async function list({ terminal, options }: CommandContext, kind: keyof typeof listings): Promise<void> {
  await using host = await openHost(terminal, options);
  const rows: readonly Row[] = await listings[kind].rows(host.kernel);
  if (options.json) return printJson(terminal, rows);
  const [first] = rows;
  if (first === undefined) return print(terminal, `no ${kind}`);
  const columns = Object.keys(first);
  const cells = rows.map((row) => columns.map((column) => format(column, row[column] ?? '')));
  print(terminal, formatTable([columns.map(heading), ...cells], colorsOf(terminal, terminal.out).bold));
}

const heading = (column: string) => (column === 'sizeBytes' ? 'size' : column);

function format(column: string, value: Row[string]): string {
  if (column === 'sizeBytes') return formatBytes(Number(value));
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** `Symbol(@zooid/spec/App)` → `App`. */
function tokenName(token: unknown): string {
  if (typeof token === 'function') return token.name;
  return (typeof token === 'symbol' ? (token.description ?? '') : String(token)).split('/').at(-1) ?? '';
}
