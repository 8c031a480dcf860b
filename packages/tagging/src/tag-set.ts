import { type Issue, ValidationError } from '@zooid/common';

/** How spans become one tag per token: beginning and inside, or these with an end and a tag for single tokens. */
export const tagSchemes = ['BIO', 'BIES'] as const;
export type TagScheme = (typeof tagSchemes)[number];

/** Place of a token in its span; `O` is in none. */
export type Place = 'B' | 'I' | 'E' | 'S' | 'O';

export interface Tag {
  readonly place: Place;
  /** Of the span; `''` outside. */
  readonly type: string;
}

const outside: Tag = { place: 'O', type: '' };

/** Letters of other names of the same places: BILOU, BIOES, BMES. */
const places: Readonly<Record<string, Place>> = { B: 'B', I: 'I', M: 'I', E: 'E', L: 'E', S: 'S', U: 'S' };

/** `B-PER` is the beginning of a PER, `O` outside; a label without a place is inside a span of that name. */
export function parseTag(label: string): Tag {
  if (label === 'O') return outside;
  const place = label[1] === '-' && label.length > 2 ? places[label[0]!] : undefined;
  return place === undefined ? { place: 'I', type: label } : { place, type: label.slice(2) };
}

/** The labels of a token classifier, by id, and what they say about spans. */
export class TagSet {
  readonly tags: readonly Tag[];
  /** Names of spans, in the order of their first label. */
  readonly types: readonly string[];
  /** `IO` where no label tells where a span begins. */
  readonly scheme: TagScheme | 'IO';
  readonly #ids: ReadonlyMap<string, number>;

  /** @param labels of any classifier: `O`, `B-PER`, `I-PER`, …; labels without a place are places of one kind. */
  constructor(readonly labels: readonly string[]) {
    this.tags = labels.map(parseTag);
    this.types = [...new Set(this.tags.flatMap(({ place, type }) => (place === 'O' ? [] : [type])))];
    const has = (place: Place) => this.tags.some((tag) => tag.place === place);
    this.scheme = has('E') || has('S') ? 'BIES' : has('B') ? 'BIO' : 'IO';
    this.#ids = new Map(this.tags.map(({ place, type }, id) => [`${place}-${type}`, id]));
  }

  /**
   * The labels of `types` in a scheme: `O`, then the places of each type.
   *
   * @throws ValidationError when a type is empty, or there are none.
   */
  static of(types: readonly string[], scheme: TagScheme): TagSet {
    const issues: Issue[] = types.flatMap((type, i) => (type === '' ? [{ path: `/${i}`, message: 'is empty' }] : []));
    if (types.length === 0) issues.push({ path: '', message: 'must name at least one type of span' });
    if (issues.length > 0) throw new ValidationError('types of spans', issues);
    const places = scheme === 'BIO' ? ['B', 'I'] : ['B', 'I', 'E', 'S'];
    return new TagSet(['O', ...types.flatMap((type) => places.map((place) => `${place}-${type}`))]);
  }

  get size(): number {
    return this.labels.length;
  }

  /** The label at a place of a span; `undefined` for a type, or a place, that the labels do not have. */
  idOf(place: Place, type: string): number | undefined {
    return this.#ids.get(`${place}-${type}`);
  }
}
