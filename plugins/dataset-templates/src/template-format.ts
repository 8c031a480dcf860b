import { readFile } from 'node:fs/promises';
import { AbortError } from '@zooid/common';
import { type DataLine, type DatasetFormat, injectable } from '@zooid/spec';
import { parseTemplateFile } from './template-file.js';
import { writeUtterances } from './write-utterances.js';

/** Labelled utterances from a `.templates.yaml`; `line` counts utterances. */
@injectable()
export class TemplateFormat implements DatasetFormat {
  readonly name = 'templates';
  readonly extensions = ['.templates.yaml'];

  async *read(file: string, context?: { readonly signal?: AbortSignal }): AsyncIterable<DataLine> {
    const templates = parseTemplateFile(await readFile(file, 'utf8'), file);
    let line = 0;
    for (const record of writeUtterances(templates)) {
      AbortError.throwIfAborted(context?.signal);
      yield { line: ++line, record };
    }
  }
}
