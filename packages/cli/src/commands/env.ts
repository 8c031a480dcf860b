import { variables } from '../environment.js';
import { openProject } from '../host.js';
import { print, printJson } from '../terminal.js';
import { readVersion } from '../version.js';
import type { CommandContext } from './context.js';

/** Prints where Zooid looks and what it is, for bug reports and for setting things up. */
export async function env({ terminal, options }: CommandContext): Promise<void> {
  const { environment } = terminal;
  const project = await openProject(terminal, options);
  const facts = {
    zooid: readVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    config: project.config?.file ?? null,
    root: project.root,
    models: project.modelFolders,
    data: project.dataFolders,
    datasets: project.datasetRegistry ?? null,
    cache: environment.cacheFolder,
  };
  if (options.json) return printJson(terminal, { ...facts, variables });
  for (const [name, value] of Object.entries(facts)) {
    print(terminal, `${name.padEnd(9)} ${Array.isArray(value) ? value.join(':') : (value ?? 'none')}`);
  }
  print(terminal);
  for (const [name, use] of Object.entries(variables)) print(terminal, `${name.padEnd(12)} ${use}`);
}
