import { Random } from '@zooid/tensor';
import type { Pattern } from './pattern.js';
import type { TemplateFile } from './template-file.js';

export interface UtteranceSlot {
  readonly type: string;
  /** `[start, end)` in code points, as in the data sets. */
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

/** A written utterance. */
export interface Utterance {
  readonly text: string;
  readonly intent: string;
  readonly slots: readonly UtteranceSlot[];
}

/**
 * Writes the file's `count` utterances: the intent by weight, one of its templates, one of each choice, a word of each
 * list, each as likely as the others. Equal files give equal utterances, in the same order. Texts may repeat, as
 * people's do.
 */
export function* writeUtterances(file: TemplateFile): Generator<Utterance> {
  const random = new Random(file.seed);
  const total = file.intents.reduce((sum, { weight }) => sum + weight, 0);
  for (let written = 0; written < file.count; ) {
    let ticket = random.uniform() * total;
    const chosen =
      file.intents.find(({ weight }) => {
        ticket -= weight;
        return ticket < 0;
      }) ?? file.intents.at(-1)!;
    const { text, slots } = write(random.choice(chosen.patterns), file, random);
    // Nothing was said; every template can say something, so this ends.
    if (text.trim() === '') continue;
    written++;
    yield { text, intent: chosen.intent, slots };
  }
}

function write(pattern: Pattern, file: TemplateFile, random: Random): Pick<Utterance, 'text' | 'slots'> {
  const slots: UtteranceSlot[] = [];
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
        const value = random.choice(words);
        const start = length;
        append(value);
        if (part.kind === 'slot') slots.push({ type, start, end: length, value });
        break;
      }
      case 'sequence':
        part.parts.forEach(visit);
        break;
      case 'choice':
        visit(random.choice(part.options));
        break;
    }
  };
  visit(pattern);
  return { text, slots };
}
