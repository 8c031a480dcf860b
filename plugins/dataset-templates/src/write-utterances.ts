import { Random } from '@zooid/tensor';
import type { Pattern } from './pattern.js';
import type { TemplateFile } from './template-file.js';

/** A written utterance; slot offsets are code points, end exclusive, as in the data sets. */
export interface Utterance {
  readonly text: string;
  readonly intent: string;
  readonly slots: readonly { readonly type: string; readonly start: number; readonly end: number; readonly value: string }[];
}

/**
 * Writes the file's `count` utterances: the intent by weight, one of its templates, one of each choice, a word of each
 * list. Equal files give equal utterances, in the same order. Texts may repeat, as people's do.
 */
export function* writeUtterances(file: TemplateFile): Generator<Utterance> {
  const random = new Random(file.seed);
  const total = file.intents.reduce((sum, { weight }) => sum + weight, 0);
  for (let i = 0; i < file.count; i++) {
    let ticket = random.uniform() * total;
    const chosen = file.intents.find(({ weight }) => (ticket -= weight) < 0) ?? file.intents.at(-1)!;
    const { text, slots } = write(chosen.patterns[random.int(chosen.patterns.length)]!, file, random);
    if (text !== '') yield { text, intent: chosen.intent, slots };
  }
}

function write(pattern: Pattern, file: TemplateFile, random: Random): Pick<Utterance, 'text' | 'slots'> {
  const slots: Utterance['slots'][number][] = [];
  let text = '';
  let length = 0;
  const append = (piece: string) => {
    text += piece;
    length += [...piece].length;
  };
  const visit = (part: Pattern): void => {
    switch (part.kind) {
      case 'text':
        append(part.text);
        break;
      case 'phrase':
      case 'slot': {
        const { type, words } = file.lists.get(part.list)!;
        const value = words[random.int(words.length)]!;
        const start = length;
        append(value);
        if (part.kind === 'slot') slots.push({ type, start, end: length, value });
        break;
      }
      case 'sequence':
        part.parts.forEach(visit);
        break;
      case 'choice':
        visit(part.options[random.int(part.options.length)]!);
        break;
    }
  };
  visit(pattern);
  return { text, slots };
}
