import { AlignedText } from '../aligned-text.js';
import { BertCharacters, type BertNormalization } from '../bert-characters.js';
import { NormalizedRun } from '../normalized-run.js';
import type { Normalizer } from './normalizer.js';

/** BERT's normalisation as a step among others. With BERT's own splitter behind it, `WordSplitter` does both at once. */
export interface BertNormalizer extends Normalizer {
  readonly normalization: BertNormalization;
}

export function bertNormalizer(normalization: BertNormalization): BertNormalizer {
  let run: NormalizedRun | undefined;
  return {
    normalization,
    json: {
      type: 'BertNormalizer',
      clean_text: normalization.cleanText,
      handle_chinese_chars: normalization.chineseCharacters,
      strip_accents: normalization.stripAccents,
      lowercase: normalization.lowercase,
    } as Normalizer['json'],
    apply(source) {
      run ??= new NormalizedRun(new BertCharacters(normalization));
      run.fill(source.text, 0, source.text.length);
      const starts = new Int32Array(2 * run.length);
      const ends = new Int32Array(2 * run.length);
      const characters: string[] = [];
      let length = 0;
      for (let i = 0; i < run.length; i++) {
        const character = String.fromCodePoint(run.characters[i]!);
        characters.push(character);
        for (let unit = 0; unit < character.length; unit++) {
          starts[length] = source.originalStart(run.starts[i]!);
          ends[length++] = source.originalEnd(run.ends[i]!);
        }
      }
      return new AlignedText(characters.join(''), source.base, starts.subarray(0, length), ends.subarray(0, length));
    },
  };
}

export function isBertNormalizer(normalizer: Normalizer | undefined): normalizer is BertNormalizer {
  return normalizer?.json.type === 'BertNormalizer';
}
