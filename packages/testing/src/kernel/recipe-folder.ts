import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@zooid/common';
import { createKernel, type Kernel, type KernelOptions } from '@zooid/kernel';
import type { Metrics } from '@zooid/spec';

export interface RecipeFolderOptions {
  readonly plugins: NonNullable<KernelOptions['plugins']>;
  /** The text of `recipe.yaml`. */
  readonly recipe: string;
  /** Records by the name of the file that they are the lines of, without `.jsonl`. */
  readonly data: Readonly<Record<string, readonly unknown[]>>;
}

/** A folder of its own with a recipe and its data, and a kernel that trains it. */
export class RecipeFolder implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly kernel: Kernel,
  ) {}

  static async create({ plugins, recipe, data }: RecipeFolderOptions): Promise<RecipeFolder> {
    const folder = await mkdtemp(join(tmpdir(), 'zooid-recipe-'));
    const created = new RecipeFolder(folder, await createKernel({ plugins, config: { root: folder } }));
    for (const [name, records] of Object.entries(data)) await created.write(name, records);
    await writeFile(join(folder, 'recipe.yaml'), recipe);
    return created;
  }

  /** Writes `<name>.jsonl`. */
  async write(name: string, records: readonly unknown[]): Promise<void> {
    await writeFile(
      join(this.folder, `${name}.jsonl`),
      records.map((record) => `${JSON.stringify(record)}\n`).join(''),
    );
  }

  /** Reads `<name>.jsonl`. */
  async read(name: string): Promise<Record<string, unknown>[]> {
    const lines = (await readFile(join(this.folder, `${name}.jsonl`), 'utf8')).trim().split('\n');
    return lines.map((line) => JSON.parse(line));
  }

  /** Trains the recipe into the subfolder `name`. @param overrides `--set` values */
  async train(
    name: string,
    overrides: readonly string[],
  ): Promise<{ readonly output: string; readonly metrics: Metrics }> {
    const output = join(this.folder, name);
    const prepared = await this.kernel.training.prepare(join(this.folder, 'recipe.yaml'), { output, overrides });
    const { metrics } = await this.kernel.training.run(prepared, { logger: silentLogger, progress: () => {} });
    return { output, metrics };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kernel[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}
