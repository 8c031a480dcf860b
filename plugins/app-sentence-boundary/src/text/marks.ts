/** Marks that may be between the words of a text; those of a model are some of them. */
export const knownMarks = ['，', '。', '？', '！', '、', '：', '；'] as const;

const endMarks = new Set(['。', '？', '！', '!', '?']);
const pauseMarks = new Set(['，', '、', '：', '；', ',', ';', '…']);
/** After a Latin word or a number these end a sentence or clause only where white space or nothing follows: `7:30`, `3.14`, `a.b`. */
const ambiguousMarks: ReadonlyMap<string, boolean> = new Map([
  ['.', true],
  [':', false],
]);

/** Whether a sentence ends with this mark. */
export const isEndMark = (mark: string): boolean => endMarks.has(mark);

/** Quotation marks and brackets that belong to what stands before them. */
export const isClosing = (character: string): boolean => /^[”’」』）)】》〉］\]}]$/u.test(character);

/**
 * What the character at `index` is to the sentences of a text: `end` and `pause` are marks that somebody wrote already,
 * `undefined` is all the rest.
 */
export function markAt(text: string, index: number): 'end' | 'pause' | undefined {
  const character = text[index]!;
  if (endMarks.has(character)) return 'end';
  if (pauseMarks.has(character)) return 'pause';
  const ends = ambiguousMarks.get(character);
  if (ends === undefined || /^[\p{L}\p{N}]/u.test(text.slice(index + 1, index + 3))) return undefined;
  return ends ? 'end' : 'pause';
}
