import { readFile } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { ValidationError } from '@zooid/common';
import type { Pooling } from './pooling.js';

/** What a folder of sentence-transformers says about its vectors; of other folders, nothing. */
export interface SentenceModules {
  readonly pooling?: Pooling;
  readonly normalize: boolean;
  /** Texts are lower-cased before they are tokenized. */
  readonly lowercase: boolean;
  /** Texts to put before an input, by name. */
  readonly prompts: ReadonlyMap<string, string>;
  readonly defaultPrompt?: string;
}

/**
 * Reads `modules.json`, the pooling's `config.json`, `sentence_bert_config.json` and the prompts of
 * `config_sentence_transformers.json`.
 *
 * @throws ValidationError for modules and pooling modes that are not supported, and files that cannot be read.
 */
export async function readSentenceModules(folder: string): Promise<SentenceModules> {
  const [modules, bert, sentence] = await Promise.all([
    readJson(folder, 'modules.json'),
    readJson(folder, 'sentence_bert_config.json'),
    readJson(folder, 'config_sentence_transformers.json'),
  ]);
  const { pooling, normalize: isNormalized } = await readModules(folder, modules);
  const { prompts, default_prompt_name: named } = asObject(sentence);
  const byName = new Map(
    Object.entries(asObject(prompts)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  if (typeof named === 'string' && !byName.has(named)) {
    throw new ValidationError('config_sentence_transformers.json', [
      {
        path: '/default_prompt_name',
        message: `names '${named}', which is none of prompts: ${[...byName.keys()].join(', ') || 'none'}`,
      },
    ]);
  }
  return {
    ...(pooling === undefined ? {} : { pooling }),
    normalize: isNormalized,
    lowercase: asObject(bert).do_lower_case === true,
    prompts: byName,
    ...(typeof named === 'string' ? { defaultPrompt: named } : {}),
  };
}

async function readModules(folder: string, modules: unknown): Promise<{ pooling?: Pooling; normalize: boolean }> {
  if (modules === undefined) return { normalize: false };
  if (!Array.isArray(modules)) throw new ValidationError('modules.json', [{ path: '', message: 'must be a list' }]);
  let pooling: Pooling | undefined;
  let isNormalized = false;
  for (const [index, module] of modules.entries()) {
    const { type, path } = asObject(module);
    const kind = String(type).split('.').at(-1);
    const at = `/${index}`;
    if (kind === 'Transformer') continue;
    if (kind === 'Normalize') isNormalized = true;
    else if (kind === 'Pooling') pooling = await readPooling(folder, path, at);
    else
      throw unsupported('modules.json', `${at}/type`, `is ${String(type)}; supported: Transformer, Pooling, Normalize`);
  }
  return { ...(pooling === undefined ? {} : { pooling }), normalize: isNormalized };
}

const poolingModes: Readonly<Record<string, Pooling>> = {
  cls_token: 'cls',
  mean_tokens: 'mean',
  max_tokens: 'max',
  mean_sqrt_len_tokens: 'mean_sqrt_len',
  weightedmean_tokens: 'weightedmean',
  lasttoken: 'lasttoken',
};

async function readPooling(folder: string, path: unknown, at: string): Promise<Pooling> {
  // The file comes with the model: it may name nothing outside the folder.
  if (typeof path !== 'string' || isAbsolute(path) || normalize(path).split(/[\\/]/).includes('..')) {
    throw unsupported('modules.json', `${at}/path`, 'must be a path inside the model folder');
  }
  const file = join(path, 'config.json');
  const config = await readJson(folder, file);
  if (config === undefined) throw unsupported('modules.json', `${at}/path`, `names ${file}, which is not there`);
  const given = Object.entries(asObject(config)).filter(
    ([key, value]) => key.startsWith('pooling_mode_') && value === true,
  );
  const modes = given.map(([key]) => key.slice('pooling_mode_'.length));
  const [mode = ''] = modes;
  if (modes.length !== 1 || !Object.hasOwn(poolingModes, mode)) {
    const found = modes.length === 0 ? 'none' : modes.join(' and ');
    throw unsupported(file, '/pooling_mode', `is ${found}; supported: one of ${Object.keys(poolingModes).join(', ')}`);
  }
  return poolingModes[mode]!;
}

const unsupported = (file: string, path: string, message: string) => new ValidationError(file, [{ path, message }]);

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

async function readJson(folder: string, file: string): Promise<unknown> {
  const text = await readFile(join(folder, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new ValidationError(file, [{ path: '', message: 'is not valid JSON' }]);
  }
}
