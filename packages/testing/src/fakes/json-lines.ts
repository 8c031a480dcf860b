import { readFile } from 'node:fs/promises';
import { AbortError, ValidationError } from '@zooid/common';
import { type DataLine, DatasetFormat, type Plugin } from '@zooid/spec';
import { pluginOf } from './plugin-of.js';

/** The least a JSON Lines format can be: whole file in memory, no compression. */
export function fakeJsonLines(): DatasetFormat & { readonly plugin: Plugin } {
  const format: DatasetFormat = {
    name: 'fake-jsonl',
    extensions: ['.jsonl'],
    async *read(file, context): AsyncIterable<DataLine> {
      AbortError.throwIfAborted(context?.signal);
      const text = await readFile(file, 'utf8').catch((cause: Error) => {
        throw new ValidationError(file, [{ path: '', message: cause.message }]);
      });
      const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
      for (const [index, raw] of lines.entries()) {
        if (raw === '') continue;
        const line = index + 1;
        try {
          yield { line, record: JSON.parse(raw) };
        } catch (error) {
          yield { line, raw, issue: `is not JSON: ${(error as Error).message}` };
        }
      }
    },
  };
  return Object.assign(format, { plugin: pluginOf('dataset-fake-jsonl', DatasetFormat, format) });
}
