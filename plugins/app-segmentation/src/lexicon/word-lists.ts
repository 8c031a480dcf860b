import { ValidationError } from '@zooid/common';
import { readJsonLines } from '@zooid/data';
import type { LexiconOptions } from '../options.js';
import { checkSurface } from './entry.js';

/**
 * The words of outside lists, each once, in the order of their first place.
 *
 * @param resources files of the recipe by name
 * @throws ValidationError when a list is no resource of the recipe, or a line of it has no word.
 */
export async function readWordLists(
  { resources: names, minLength }: Pick<LexiconOptions, 'resources' | 'minLength'>,
  resources: Readonly<Record<string, string>>,
): Promise<string[]> {
  const words = new Set<string>();
  for (const [i, name] of names.entries()) {
    const file = resources[name];
    if (file === undefined) {
      const message = `names '${name}', which data.resources of the recipe does not define`;
      throw new ValidationError('options of app segmentation', [{ path: `/lexicon/resources/${i}`, message }]);
    }
    for await (const word of readWords(file)) if ([...word].length >= minLength) words.add(word);
  }
  return [...words];
}

async function* readWords(file: string): AsyncGenerator<string> {
  for await (const line of readJsonLines(file)) {
    const record =
      'record' in line ? (line.record as { readonly word?: unknown; readonly surface?: unknown } | null) : null;
    const word = record?.surface ?? record?.word;
    const problem = 'issue' in line ? line.issue : checkSurface(word);
    if (problem !== undefined) {
      const path = 'issue' in line ? '' : '/word';
      throw new ValidationError(`${file} line ${line.line}`, [{ path, message: problem }]);
    }
    // A list may break its words over lines; nothing of a text would match that.
    if (!/[\r\n]/.test(word as string)) yield word as string;
  }
}
