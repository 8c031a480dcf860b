import { readFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AbortError, ValidationError } from '@zooid/common';
import { type DataLine, type DatasetFormat, injectable } from '@zooid/spec';
import { parseTemplateFile } from './template-file.js';
import { writeUtterances } from './write-utterances.js';

/** Utterances written before others get a turn on the event loop. */
const UTTERANCES_PER_TURN = 500;

/**
 * Labelled utterances from a `.templates.yaml`. The file is one document: a fault refuses all of it. `line` counts
 * utterances, for there are more of them than lines.
 */
@injectable()
export class TemplateFormat implements DatasetFormat {
  readonly name = 'templates';
  readonly extensions = ['.templates.yaml'];

  async *read(file: string, context?: { readonly signal?: AbortSignal }): AsyncIterable<DataLine> {
    AbortError.throwIfAborted(context?.signal);
    const templates = parseTemplateFile(await readText(file), file);
    let line = 0;
    for (const record of writeUtterances(templates)) {
      if (line % UTTERANCES_PER_TURN === UTTERANCES_PER_TURN - 1) await nextTurn();
      AbortError.throwIfAborted(context?.signal);
      yield { line: ++line, record };
    }
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ValidationError(file, [{ path: '', message: `cannot be read: ${(error as Error).message}` }]);
  }
}
