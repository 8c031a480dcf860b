import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonLines } from '@zooid/data';
import { type TensorMap, tensor } from '@zooid/tensor';

/** A sentence with one polyphonic character marked. */
export interface Sentence {
  readonly text: string;
  /** Of the marked character, in code points. */
  readonly position: number;
  /** Its reading: pinyin and tone. */
  readonly label: string;
}

export async function readSentences<Extra = unknown>(file: string): Promise<(Sentence & Extra)[]> {
  const sentences: (Sentence & Extra)[] = [];
  for await (const line of readJsonLines(file)) {
    if ('issue' in line) throw new Error(`${file}:${line.line} ${line.issue}`);
    sentences.push(line.record as Sentence & Extra);
  }
  return sentences;
}

/** The characters and readings that g2pM knows. */
export class G2pmVocabulary {
  private constructor(
    private readonly characters: ReadonlyMap<string, number>,
    /** By class id. */
    readonly readings: readonly string[],
  ) {}

  static async read(folder: string): Promise<G2pmVocabulary> {
    const [characters, classes] = await Promise.all(
      ['char2idx.json', 'class2idx.json'].map(
        async (file) => JSON.parse(await readFile(join(folder, file), 'utf8')) as Record<string, number>,
      ),
    );
    const readings: string[] = [];
    for (const [reading, id] of Object.entries(classes!)) readings[id] = reading;
    return new G2pmVocabulary(new Map(Object.entries(characters!)), readings);
  }

  /** The network's inputs for sentences of about one length. */
  feeds(sentences: readonly Sentence[]): TensorMap {
    const rows = sentences.map(({ text }) => this.encode(text));
    const width = Math.max(...rows.map(({ length }) => length));
    const ids = new BigInt64Array(rows.length * width).fill(BigInt(this.id('<PAD>')));
    rows.forEach((row, i) => {
      ids.set(row, i * width);
    });
    return {
      input_ids: tensor('int64', ids, [rows.length, width]),
      lengths: tensor(
        'int32',
        Int32Array.from(rows, ({ length }) => length),
      ),
      // One place further than in the text: the row begins with a mark.
      marked: tensor(
        'int64',
        BigInt64Array.from(sentences, ({ position }, i) => BigInt(i * width + position + 1)),
      ),
    };
  }

  /** Characters between the marks of beginning and end that the network was trained with. */
  private encode(text: string): bigint[] {
    return ['시', ...text, '끝'].map((character) => BigInt(this.id(character)));
  }

  private id(character: string): number {
    return this.characters.get(character) ?? this.characters.get('<UNK>')!;
  }
}
