import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * The house: what each package may depend on. Arrows point down. The product tower (spec, kernel, hosts) and the
 * numeric tower (onnx … trainer) share only the floor (common, tensor, batcher) and meet only in plugins.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  common: [],
  tensor: ['common'],
  batcher: ['common'],
  onnx: ['common', 'tensor'],
  autodiff: ['common', 'tensor', 'onnx'],
  nn: ['common', 'tensor', 'onnx', 'autodiff'],
  tagging: ['common', 'tensor', 'onnx', 'autodiff', 'nn'],
  optim: ['common', 'tensor'],
  runtime: ['common', 'tensor', 'onnx', 'optim'],
  tokenizers: ['common', 'tensor'],
  data: ['common', 'tensor'],
  metrics: ['common'],
  hub: ['common', 'tensor'],
  trainer: ['common', 'tensor', 'onnx', 'autodiff', 'nn', 'optim', 'runtime', 'data', 'metrics', 'hub'],
  spec: ['common', 'tensor', 'batcher'],
  kernel: ['common', 'tensor', 'batcher', 'spec'],
  'method-kit': [
    'common',
    'tensor',
    'spec',
    'hub',
    'onnx',
    'autodiff',
    'nn',
    'optim',
    'runtime',
    'tokenizers',
    'trainer',
  ],
  server: ['common', 'spec', 'kernel'],
  cli: ['common', 'spec', 'kernel', 'server'],
};
const numeric = [
  'onnx',
  'autodiff',
  'nn',
  'tagging',
  'optim',
  'runtime',
  'tokenizers',
  'data',
  'metrics',
  'hub',
  'trainer',
];
const forPlugins = ['common', 'tensor', 'batcher', 'spec', 'kernel', 'method-kit', ...numeric];
/** May see everything: they prove and measure, and nothing depends on them. */
const observers = ['testing', 'benchmarks', 'tooling'];

/** Third-party modules with a single owner. */
const owners: Readonly<Record<string, string>> = {
  'onnxruntime-node': 'runtime',
  express: 'server',
  commander: 'cli',
  'class-validator': 'spec',
  'class-transformer': 'spec',
};

interface Workspace {
  readonly folder: string;
  readonly name: string;
  readonly manifest: {
    readonly dependencies?: Record<string, string>;
    readonly peerDependencies?: Record<string, string>;
    readonly devDependencies?: Record<string, string>;
  };
}

function workspaces(group: string): Workspace[] {
  return readdirSync(join(root, group))
    .map((name) => join(group, name))
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => ({
      folder,
      name: folder.split('/')[1]!,
      manifest: JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')),
    }));
}

function filesBelow(folder: string, keep: (file: string) => boolean): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    if (name === 'node_modules' || name === 'dist' || name === 'run') return [];
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path, keep) : keep(path) ? [path] : [];
  });
}

const isTest = (file: string) => /\.(test|test-d|fixture)\.ts$/.test(file);
const sourcesOf = ({ folder }: Workspace) => filesBelow(join(root, folder, 'src'), (file) => file.endsWith('.ts'));
const importsOf = (file: string) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:from\s+|import\s*\(?\s*)'([^'\n]+)'/g)].map((match) => match[1]!);

const packages = workspaces('packages');
const plugins = workspaces('plugins');
const pluginNames = new Set(plugins.map(({ name }) => name));
const mayUse = ({ folder, name }: Workspace): readonly string[] | 'all' => {
  if (observers.includes(name)) return 'all';
  if (folder.startsWith('plugins/')) return forPlugins;
  return allowed[name] ?? [];
};

describe('the layers', () => {
  it('know every package', () => {
    const known = [...Object.keys(allowed), ...observers];
    expect(packages.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('have no arrow in a manifest that points up or across', () => {
    const offending = [...packages, ...plugins].flatMap((workspace) => {
      const targets = mayUse(workspace);
      const declared = Object.keys({ ...workspace.manifest.dependencies, ...workspace.manifest.peerDependencies });
      return (
        declared
          .filter((dependency) => dependency.startsWith('@zooid/'))
          .map((dependency) => dependency.slice('@zooid/'.length))
          .filter((target) => targets !== 'all' && !targets.includes(target))
          // The command line brings the default plugins along, but loads them by name: see the import test below.
          .filter((target) => !(workspace.name === 'cli' && pluginNames.has(target)))
          .map((target) => `${workspace.folder} → ${target}`)
      );
    });
    expect(offending).toEqual([]);
  });

  it('have no arrow in an import that points up or across, and none undeclared', () => {
    const offending = [...packages, ...plugins].flatMap((workspace) => {
      const targets = mayUse(workspace);
      const { dependencies, peerDependencies, devDependencies } = workspace.manifest;
      const declared = { ...dependencies, ...peerDependencies };
      return sourcesOf(workspace).flatMap((file) =>
        importsOf(file)
          .filter((specifier) => specifier.startsWith('@zooid/'))
          .filter((specifier) => {
            const target = specifier.slice('@zooid/'.length);
            if (isTest(file)) return !(specifier in { ...declared, ...devDependencies }) && target !== 'testing';
            return (targets !== 'all' && !targets.includes(target)) || !(specifier in declared);
          })
          .map((specifier) => `${relative(root, file)} → ${specifier}`),
      );
    });
    expect(offending).toEqual([]);
  });

  it('are entered by the front door: no deep imports, no relative path out of a package', () => {
    const offending = [...packages, ...plugins].flatMap((workspace) =>
      sourcesOf(workspace).flatMap((file) =>
        importsOf(file)
          .filter(
            (specifier) =>
              /^@zooid\/[^/]+\//.test(specifier) ||
              (specifier.startsWith('.') &&
                relative(join(root, workspace.folder, 'src'), join(file, '..', specifier)).startsWith('..')),
          )
          .map((specifier) => `${relative(root, file)} → ${specifier}`),
      ),
    );
    expect(offending).toEqual([]);
  });

  it('keep third-party runtimes with their owner', () => {
    const offending = [...packages, ...plugins]
      .filter(({ name }) => !observers.includes(name))
      .flatMap((workspace) =>
        sourcesOf(workspace)
          .filter((file) => !isTest(file))
          .flatMap((file) =>
            importsOf(file)
              .filter((specifier) => owners[specifier] !== undefined && owners[specifier] !== workspace.name)
              // Generating OpenAPI schemas reads the decorators' own metadata storage.
              .filter((specifier) => !(workspace.name === 'server' && specifier.startsWith('class-')))
              .map((specifier) => `${relative(root, file)} → ${specifier}`),
          ),
      );
    expect(offending).toEqual([]);
  });

  it('create containers only in the kernel', () => {
    const offending = [...packages, ...plugins]
      .filter(({ name }) => name !== 'kernel' && name !== 'tooling')
      .flatMap((workspace) =>
        sourcesOf(workspace).filter((file) => /\bnew Container\(/.test(readFileSync(file, 'utf8'))),
      )
      .map((file) => relative(root, file));
    expect(offending).toEqual([]);
  });

  it('read environment variables only in hosts: the command, and the pipeline of a program', () => {
    const offending = [...packages, ...plugins]
      .filter(({ name }) => !['cli', ...observers].includes(name))
      .flatMap((workspace) =>
        sourcesOf(workspace).filter((file) => !isTest(file) && /\bprocess\.env\b/.test(readFileSync(file, 'utf8'))),
      )
      .map((file) => relative(root, file))
      .filter((file) => file !== 'packages/kernel/src/pipeline.ts');
    expect(offending).toEqual([]);
  });

  it('keep package.json and project references in step', () => {
    const offending = [...packages, ...plugins]
      .filter(({ folder }) => existsSync(join(root, folder, 'tsconfig.json')))
      .flatMap(({ folder, name, manifest }) => {
        const { references = [] } = JSON.parse(readFileSync(join(root, folder, 'tsconfig.json'), 'utf8')) as {
          references?: { path: string }[];
        };
        const referenced = references.map(({ path }) => path.split('/').at(-1)!);
        return Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
          .filter((dependency) => dependency.startsWith('@zooid/'))
          .map((dependency) => dependency.slice('@zooid/'.length))
          .filter((dependency) => !(name === 'cli' && pluginNames.has(dependency)))
          .filter((dependency) => !referenced.includes(dependency))
          .map((dependency) => `${folder}/tsconfig.json lacks a reference to ${dependency}`);
      });
    expect(offending).toEqual([]);
  });
});

describe('the examples', () => {
  const examples = readdirSync(join(root, 'examples'))
    .map((name) => join(root, 'examples', name))
    .filter((folder) => existsSync(join(folder, 'package.json')));

  it('show what a reader can do: packages by name, declared, none of our sources', () => {
    const offending = examples.flatMap((folder) => {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const declared = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.devDependencies };
      return filesBelow(folder, (file) => file.endsWith('.ts')).flatMap((file) =>
        importsOf(file)
          .filter(
            (specifier) => specifier.startsWith('..') || (specifier.startsWith('@zooid/') && !(specifier in declared)),
          )
          .map((specifier) => `${relative(root, file)} → ${specifier}`),
      );
    });
    expect(examples.length).toBeGreaterThan(0);
    expect(offending).toEqual([]);
  });

  it('each have a program, a README and a test', () => {
    const missing = examples.flatMap((folder) =>
      ['main.ts', 'README.md', 'main.test.ts', 'tsconfig.json']
        .filter((file) => !existsSync(join(folder, file)))
        .map((file) => `${relative(root, folder)} lacks ${file}`),
    );
    expect(missing).toEqual([]);
  });

  it('are known to no package of ours', () => {
    const offending = [...packages, ...plugins]
      .filter((workspace) => JSON.stringify(workspace.manifest).includes('@zooid-examples/'))
      .map(({ folder }) => folder);
    expect(offending).toEqual([]);
  });
});

describe('the data rooms', () => {
  it('hold no code', () => {
    const code = ['appzoo', 'modelzoo'].flatMap((group) =>
      filesBelow(join(root, group), (file) => /\.(ts|js|mjs|cjs|py|sh)$/.test(file)).map((file) =>
        relative(root, file),
      ),
    );
    expect(code).toEqual([]);
  });
});
