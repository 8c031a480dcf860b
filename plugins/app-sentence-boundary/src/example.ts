import { type Issue, ValidationError } from '@zooid/common';
import { loneSurrogateIndex } from '@zooid/spec';
import type { RecordFields } from './options.js';
import { isEndMark, knownMarks, markAt } from './text/marks.js';

/** A text without marks, and what is known of those that it should have. */
export interface Piece {
  readonly text: string;
  /** By UTF-16 index, right after a character that is no white space: the mark that follows. Absent: nobody knows any. */
  readonly marks?: ReadonlyMap<number, string>;
  /** Whether the mark at the end is among them; a query that was typed without its last mark has an unknown one. */
  readonly hasLastMark: boolean;
  /** UTF-16 indices, as of marks, where a sentence ends. */
  readonly ends: ReadonlySet<number>;
}

/** One record: pieces that have nothing to do with each other, in the order of the text that they make. */
export interface SentenceExample {
  readonly pieces: readonly Piece[];
}

/** Reads one record. @throws ValidationError with a pointer per wrong field. */
export function parseExample(record: unknown, fields: RecordFields): SentenceExample {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw new ValidationError('record', [{ path: '', message: 'must be a JSON object' }]);
  }
  const values = record as Record<string, unknown>;
  const issues: Issue[] = [];
  const pieces = piecesOf(values, fields, issues);
  if (pieces.length === 0 && issues.length === 0) issues.push({ path: '', message: 'holds nothing but marks' });
  if (issues.length > 0) throw new ValidationError('record', issues);
  return { pieces };
}

function piecesOf(values: Record<string, unknown>, fields: RecordFields, issues: Issue[]): Piece[] {
  if (values[fields.labels] !== undefined) return labelledPiece(values, fields, issues);
  for (const name of [fields.queries, fields.turns]) {
    const list = values[name];
    if (list === undefined) continue;
    if (!Array.isArray(list) || list.length === 0) {
      issues.push({ path: `/${name}`, message: 'must be a list of texts, not an empty one' });
      return [];
    }
    return list.flatMap((item, i) => {
      const isTurn = typeof item === 'object' && item !== null;
      const path = `/${name}/${i}${isTurn ? '/text' : ''}`;
      return writtenPiece(isTurn ? (item as { text?: unknown }).text : item, path, issues);
    });
  }
  const text = values[fields.text];
  if (text !== undefined) return writtenPiece(text, `/${fields.text}`, issues);
  const { input, labels, queries, turns } = fields;
  const message = `is missing; a record needs ${input} with ${labels}, or one of ${queries}, ${turns}, ${fields.text}`;
  issues.push({ path: `/${input}`, message });
  return [];
}

/** `input` with a label per code point. */
function labelledPiece(values: Record<string, unknown>, fields: RecordFields, issues: Issue[]): Piece[] {
  const text = values[fields.input];
  const labels = values[fields.labels];
  if (!isText(text, `/${fields.input}`, issues)) return [];
  if (typeof labels !== 'string') {
    issues.push({ path: `/${fields.labels}`, message: 'must be a string with a mark or _ for every character' });
    return [];
  }
  const characters = Array.from(text);
  const given = Array.from(labels);
  if (given.length !== characters.length) {
    const message = `has ${given.length} labels, but there are ${characters.length} characters (code points) in /${fields.input}`;
    issues.push({ path: `/${fields.labels}`, message });
    return [];
  }
  if (!hasCharacters(text)) return [];
  const marks = new Map<number, string>();
  let index = 0;
  let afterCharacter = 0;
  for (const [i, character] of characters.entries()) {
    index += character.length;
    if (!/^\s$/u.test(character)) afterCharacter = index;
    const label = given[i]!;
    if (label === '_') continue;
    if (!(knownMarks as readonly string[]).includes(label)) {
      const message = `has ${JSON.stringify(label)} for character ${i}; must be _ or one of ${knownMarks.join(' ')}`;
      issues.push({ path: `/${fields.labels}`, message });
      return [];
    }
    marks.set(afterCharacter, label);
  }
  return [{ text, marks, hasLastMark: true, ends: endsOf(marks) }];
}

const fullWidth: Readonly<Record<string, string>> = {
  ',': '，',
  '.': '。',
  '?': '？',
  '!': '！',
  ':': '：',
  ';': '；',
};

/** A text as somebody wrote it: marks become labels; one without any tells where it ends, and of marks nothing. */
function writtenPiece(value: unknown, path: string, issues: Issue[]): Piece[] {
  if (!isText(value, path, issues)) return [];
  const marks = new Map<number, string>();
  let text = '';
  let afterCharacter = 0;
  for (let i = 0; i < value.length; i++) {
    if (markAt(value, i) === undefined) {
      text += value[i]!;
      if (!/\s/.test(value[i]!)) afterCharacter = text.length;
    } else if (afterCharacter > 0 && !marks.has(afterCharacter)) {
      marks.set(afterCharacter, fullWidth[value[i]!] ?? value[i]!);
    }
  }
  if (afterCharacter === 0) return []; // marks alone
  const hasLastMark = marks.has(afterCharacter);
  return [{ text, ...(marks.size > 0 && { marks }), hasLastMark, ends: endsOf(marks).add(afterCharacter) }];
}

/** Whether there is anything but marks and white space. */
function hasCharacters(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!/\s/.test(text[i]!) && markAt(text, i) === undefined) return true;
  return false;
}

function endsOf(marks: ReadonlyMap<number, string>): Set<number> {
  return new Set(Array.from(marks).flatMap(([index, mark]) => (isEndMark(mark) ? [index] : [])));
}

function isText(value: unknown, path: string, issues: Issue[]): value is string {
  if (typeof value !== 'string' || value.trim() === '') {
    issues.push({ path, message: 'must be a non-empty string' });
    return false;
  }
  if (loneSurrogateIndex(value) < 0) return true;
  issues.push({ path, message: 'holds half of a surrogate pair; save the file as UTF-8' });
  return false;
}

const endsInWord = /[\p{L}\p{N}]$/u;
const beginsWithWord = /^[\p{L}\p{N}]/u;
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** The pieces as one text. What would run together (Latin words, numbers) is kept apart by a space. */
export function joined(pieces: readonly Piece[]): Piece {
  if (pieces.length === 1) return pieces[0]!;
  let text = '';
  const marks = new Map<number, string>();
  const ends = new Set<number>();
  for (const piece of pieces) {
    if (endsInWord.test(text) && beginsWithWord.test(piece.text) && !unspaced.test(text.at(-1)! + piece.text[0]!))
      text += ' ';
    for (const [index, mark] of piece.marks ?? []) marks.set(text.length + index, mark);
    for (const index of piece.ends) ends.add(text.length + index);
    text += piece.text;
  }
  const last = pieces.at(-1)!;
  const isKnown = pieces.every((piece) => piece.marks !== undefined && (piece === last || piece.hasLastMark));
  return { text, ...(isKnown && { marks }), hasLastMark: last.hasLastMark, ends };
}
