import { type Issue, ValidationError } from '@zooid/common';
import { parse, YAMLParseError } from 'yaml';
import { type Pattern, parsePattern } from './pattern.js';

/** Words of one kind, and the slot type they carry. */
export interface WordList {
  readonly type: string;
  readonly words: readonly string[];
}

/** The ways to say one intent. */
export interface IntentTemplates {
  readonly intent: string;
  /** Share of the utterances, relative to the other intents. */
  readonly weight: number;
  readonly patterns: readonly Pattern[];
}

export interface TemplateFile {
  readonly seed: number;
  /** Utterances to write. */
  readonly count: number;
  readonly lists: ReadonlyMap<string, WordList>;
  readonly intents: readonly IntentTemplates[];
}

/**
 * Reads a `.templates.yaml`: `seed`, `count`, `lists` (name → words separated by white space or newlines, a YAML list,
 * or `{type, words}`), and `intents` (name → `{weight, templates}`).
 *
 * @throws ValidationError with a pointer per problem: wrong types, unknown lists, unreadable templates.
 */
export function parseTemplateFile(source: string, subject: string): TemplateFile {
  let content: unknown;
  try {
    content = parse(source);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new ValidationError(subject, [{ path: '', message: error.message }]);
  }
  const issues: Issue[] = [];
  const { seed, count, lists, intents } = asRecord(content, '', issues);
  if (!Number.isInteger(seed)) issues.push({ path: '/seed', message: 'must be an integer' });
  if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > 10_000_000) {
    issues.push({ path: '/count', message: 'must be an integer from 1 to 10,000,000' });
  }
  const parsedLists = new Map(
    Object.entries(asRecord(lists, '/lists', issues)).map(([name, value]) => [name, parseList(name, value, issues)] as const),
  );
  const parsedIntents = Object.entries(asRecord(intents, '/intents', issues)).map(([intent, value]) =>
    parseIntent(intent, value, parsedLists, issues),
  );
  if (parsedIntents.length === 0) issues.push({ path: '/intents', message: 'must name at least one intent' });
  if (issues.length > 0) throw new ValidationError(subject, issues);
  return { seed: seed as number, count: count as number, lists: parsedLists, intents: parsedIntents };
}

function parseList(name: string, value: unknown, issues: Issue[]): WordList {
  const path = `/lists/${name}`;
  const isSection = typeof value === 'object' && value !== null && !Array.isArray(value);
  const { type = name, words } = (isSection ? value : { words: value }) as { type?: unknown; words?: unknown };
  const list = typeof words === 'string' ? words.split(/\s+/).filter((word) => word !== '') : words;
  if (!Array.isArray(list) || list.length === 0 || list.some((word) => typeof word !== 'string')) {
    issues.push({ path, message: 'must hold words: a text with spaces between them, or a list of strings' });
    return { type: name, words: [''] };
  }
  if (typeof type !== 'string') issues.push({ path: `${path}/type`, message: 'must be a string' });
  return { type: String(type), words: [...new Set(list as string[])] };
}

function parseIntent(
  intent: string,
  value: unknown,
  lists: ReadonlyMap<string, WordList>,
  issues: Issue[],
): IntentTemplates {
  const path = `/intents/${intent}`;
  const { weight = 1, templates } = asRecord(value, path, issues);
  if (typeof weight !== 'number' || !(weight > 0)) issues.push({ path: `${path}/weight`, message: 'must be above 0' });
  if (!Array.isArray(templates) || templates.length === 0) {
    issues.push({ path: `${path}/templates`, message: 'must be a list of templates' });
    return { intent, weight: 1, patterns: [] };
  }
  const patterns = templates.flatMap((template: unknown, i) => {
    try {
      const pattern = parsePattern(String(template));
      const unknown = [...listsOf(pattern)].filter((list) => !lists.has(list));
      for (const list of unknown) issues.push({ path: `${path}/templates/${i}`, message: `uses the unknown list '${list}'` });
      return [pattern];
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      issues.push({ path: `${path}/templates/${i}`, message: error.message });
      return [];
    }
  });
  return { intent, weight: weight as number, patterns };
}

function* listsOf(pattern: Pattern): Generator<string> {
  switch (pattern.kind) {
    case 'slot':
    case 'phrase':
      yield pattern.list;
      break;
    case 'sequence':
      for (const part of pattern.parts) yield* listsOf(part);
      break;
    case 'choice':
      for (const option of pattern.options) yield* listsOf(option);
      break;
    case 'text':
      break;
  }
}

function asRecord(value: unknown, path: string, issues: Issue[]): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  issues.push({ path, message: 'must be a mapping' });
  return {};
}
