import { type Issue, ValidationError } from '@zooid/common';
import { didYouMean, pointer } from '@zooid/spec';
import { parse, YAMLParseError } from 'yaml';
import { isAlwaysEmpty, listsOf, type Pattern, parsePattern } from './pattern.js';

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

type Section = Readonly<Record<string, unknown>>;

/**
 * Reads a `.templates.yaml`: `seed`, `count`, `lists` (name → words separated by white space, a YAML list, or
 * `{type, words}`), and `intents` (name → `{weight, templates}`).
 *
 * @throws ValidationError with a pointer per problem: unknown keys, wrong types, unknown lists, unreadable templates.
 */
export function parseTemplateFile(source: string, subject: string): TemplateFile {
  const issues: Issue[] = [];
  const file = section(parseYaml(source, subject), '', ['seed', 'count', 'lists', 'intents'], issues);
  const { seed, count } = file;
  if (!Number.isSafeInteger(seed)) issues.push({ path: '/seed', message: 'must be an integer' });
  if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > 10_000_000) {
    issues.push({ path: '/count', message: 'must be an integer from 1 to 10,000,000' });
  }
  const lists = new Map(
    Object.entries(mapping(file.lists ?? {}, '/lists', issues)).map(
      ([name, value]) => [name, parseList(name, value, issues)] as const,
    ),
  );
  const intents = Object.entries(mapping(file.intents, '/intents', issues)).map(([intent, value]) =>
    parseIntent(intent, value, lists, issues),
  );
  if (intents.length === 0) issues.push({ path: '/intents', message: 'must name at least one intent' });
  if (issues.length > 0) throw new ValidationError(subject, issues);
  return { seed: seed as number, count: count as number, lists, intents };
}

function parseYaml(source: string, subject: string): unknown {
  try {
    return parse(source);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new ValidationError(subject, [{ path: '', message: error.message }]);
  }
}

function parseList(name: string, value: unknown, issues: Issue[]): WordList {
  const path = pointer('/lists', name);
  const { type = name, words } = isMapping(value) ? section(value, path, ['type', 'words'], issues) : { words: value };
  if (typeof type !== 'string' || type === '') issues.push({ path: `${path}/type`, message: 'must be a string' });
  const list: unknown = typeof words === 'string' ? words.split(/\s+/).filter((word) => word !== '') : words;
  if (
    !Array.isArray(list) ||
    list.length === 0 ||
    list.some((word) => typeof word !== 'string' || word.trim() === '')
  ) {
    const message = 'must hold words: a text with spaces between them, or a list of strings (quote numbers)';
    issues.push({ path, message });
    return { type: name, words: [] };
  }
  return { type: String(type), words: [...new Set(list as string[])] };
}

function parseIntent(
  intent: string,
  value: unknown,
  lists: ReadonlyMap<string, WordList>,
  issues: Issue[],
): IntentTemplates {
  const path = pointer('/intents', intent);
  const { weight = 1, templates } = section(value, path, ['weight', 'templates'], issues);
  if (typeof weight !== 'number' || !(weight > 0 && weight < Number.POSITIVE_INFINITY)) {
    issues.push({ path: `${path}/weight`, message: 'must be a number above 0' });
  }
  if (!Array.isArray(templates) || templates.length === 0) {
    issues.push({ path: `${path}/templates`, message: 'must be a list of templates' });
    return { intent, weight: 1, patterns: [] };
  }
  const patterns = templates.flatMap((template: unknown, i) =>
    parseTemplate(template, `${path}/templates/${i}`, lists, issues),
  );
  return { intent, weight: weight as number, patterns };
}

function parseTemplate(
  template: unknown,
  path: string,
  lists: ReadonlyMap<string, WordList>,
  issues: Issue[],
): Pattern[] {
  if (typeof template !== 'string') {
    // The commonest slip: YAML takes an unquoted {song} at the start of a line for a mapping.
    const hint = typeof template === 'object' ? `; quote what starts with '{'` : '; quote it';
    issues.push({ path, message: `must be a string${hint}` });
    return [];
  }
  try {
    const pattern = parsePattern(template);
    for (const list of new Set(listsOf(pattern))) {
      const message = `uses the unknown list '${list}'${didYouMean(list, [...lists.keys()])}`;
      if (!lists.has(list)) issues.push({ path, message });
    }
    if (isAlwaysEmpty(pattern)) issues.push({ path, message: 'says nothing' });
    return [pattern];
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    issues.push(...error.issues.map(({ message }) => ({ path, message })));
    return [];
  }
}

/** A mapping with no keys but `known`. */
function section(value: unknown, path: string, known: readonly string[], issues: Issue[]): Section {
  const entries = mapping(value, path, issues);
  for (const key of Object.keys(entries)) {
    const hint = didYouMean(key, known) || `; allowed: ${known.join(', ')}`;
    if (!known.includes(key)) issues.push({ path: pointer(path, key), message: `is an unknown key${hint}` });
  }
  return entries;
}

function mapping(value: unknown, path: string, issues: Issue[]): Section {
  if (isMapping(value)) return value;
  issues.push({ path, message: 'must be a mapping' });
  return {};
}

const isMapping = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
