import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Kernel } from '@zooid/kernel';
import type { DataLine, DatasetFormat, Plugin } from '@zooid/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, itIsAPlugin, type PluginUnderTest, rejection, startKernel } from './plugin-contract.js';

export interface DatasetContract extends PluginUnderTest {
  /** Which format, when the plugin provides several. */
  readonly format?: string;
  /** Ending of the files below: `.jsonl`. */
  readonly extension: string;
  /** A file without faults, and what it holds: the 1-based line where each record starts. */
  readonly good: {
    readonly content: string;
    readonly records: readonly { readonly line: number; readonly record: unknown }[];
  };
  /**
   * A file with one bad line between good ones; or, of a format whose file is one document, a file with a fault and what
   * the refusal of the whole must say.
   */
  readonly bad:
    | { readonly content: string; readonly line: number; readonly records: number }
    | { readonly content: string; readonly refusal: RegExp };
  readonly limits?: {
    /** The format cannot be gzipped from outside. Default: it can, as `<extension>.gz`. */
    readonly noGzip?: boolean;
  };
}

/** What every dataset format promises: records in order with their lines, bad lines as issues, plain and gzipped. */
export function describeDatasetContract(plugin: Plugin, contract: DatasetContract): void {
  const { extension, good, bad } = contract;
  describe(`${plugin.name} keeps the dataset contract for ${extension}`, () => {
    itIsAPlugin(plugin, contract);

    let folder: string;
    let kernel: Kernel;
    let format: DatasetFormat;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'zooid-dataset-'));
      kernel = await startKernel(plugin, contract);
      format =
        contract.format === undefined ? kernel.data.formatOf(`x${extension}`) : kernel.formats.get(contract.format);
    });
    afterAll(async () => {
      await kernel?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    const write = async (name: string, content: string | Uint8Array) => {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    };
    const read = async (file: string, signal?: AbortSignal): Promise<DataLine[]> => {
      const lines: DataLine[] = [];
      for await (const line of format.read(file, signal === undefined ? {} : { signal })) lines.push(line);
      return lines;
    };

    it('names the endings it reads', () => {
      expect(format.extensions).toContain(extension);
      expect(format.extensions.every((ending) => ending.startsWith('.'))).toBe(true);
    });

    it('yields records in file order with their lines', async () => {
      expect(await read(await write(`good${extension}`, good.content))).toEqual(good.records);
    });

    it('reads a file again from the start', async () => {
      const file = await write(`twice${extension}`, good.content);
      expect(await read(file)).toEqual(await read(file));
    });

    it('reads Windows line ends and a byte order mark', async () => {
      const file = await write(`windows${extension}`, `\ufeff${good.content.replaceAll('\n', '\r\n')}`);
      expect(await read(file)).toEqual(good.records);
    });

    it('does not need a line end after the last record', async () => {
      expect(await read(await write(`open-end${extension}`, good.content.trimEnd()))).toEqual(good.records);
    });

    if (contract.limits?.noGzip !== true) {
      it('reads the gzipped form', async () => {
        expect(format.extensions).toContain(`${extension}.gz`);
        expect(await read(await write(`good${extension}.gz`, gzipSync(good.content)))).toEqual(good.records);
      });

      it('refuses a gzipped file that was cut short', async () => {
        const packed = gzipSync(good.content.repeat(50));
        const file = await write(`cut${extension}.gz`, packed.subarray(0, Math.floor(packed.length / 2)));
        expect(codeOf(await rejection(read(file)))).toBeDefined();
      });
    }

    if ('refusal' in bad) {
      it('refuses a document with a fault, and an empty one, by name', async () => {
        const error = await rejection(read(await write(`bad${extension}`, bad.content)));
        expect(codeOf(error)).toBeDefined();
        expect((error as Error).message).toMatch(bad.refusal);
        const empty = await rejection(read(await write(`empty${extension}`, '')));
        expect(codeOf(empty)).toBeDefined();
        for (const [name, { message }] of [
          ['bad', error as Error],
          ['empty', empty as Error],
        ] as const) {
          expect(message).toContain(`${name}${extension}`);
        }
      });
    } else {
      it('yields a bad line as an issue and goes on', async () => {
        const lines = await read(await write(`bad${extension}`, bad.content));
        const issues = lines.filter((line) => 'issue' in line);
        expect(issues.map(({ line }) => line)).toEqual([bad.line]);
        expect(issues[0]).toMatchObject({ raw: expect.any(String), issue: expect.stringMatching(/\w+/) });
        expect(lines).toHaveLength(bad.records + 1);
      });

      it('yields nothing for an empty file', async () => {
        expect(await read(await write(`empty${extension}`, ''))).toEqual([]);
      });
    }

    it('refuses a file that is not there, by its name', async () => {
      const error = await rejection(read(join(folder, `missing${extension}`)));
      expect(codeOf(error)).toBeDefined();
      expect((error as Error).message).toContain(`missing${extension}`);
    });

    it('may be left early', async () => {
      const file = await write(`early${extension}`, good.content);
      for await (const line of format.read(file)) {
        expect(line).toEqual(good.records[0]);
        break;
      }
    });

    it('stops when the caller has given up', async () => {
      const file = await write(`abort${extension}`, good.content);
      expect(codeOf(await rejection(read(file, AbortSignal.abort())))).toBe('ABORTED');
    });
  });
}
