import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { UsageError } from './errors.js';

/** What the process environment says. This module is the only place in Zooid that reads it. */
export interface Environment {
  /** `ZOOID_DATA`: folder of data sets, searched before all others. */
  readonly dataFolder?: string;
  /** `ZOOID_CACHE`, or `zooid` in the user's cache folder: downloads go here. */
  readonly cacheFolder: string;
  /** `PORT`: what `zooid serve` listens on unless told otherwise. */
  readonly port?: number;
  /** `ZOOID_API_KEYS`: keys that may call `zooid serve`, separated by commas. */
  readonly apiKeys?: string;
  /** `ZOOID_API_KEYS_FILE`: the same, one a line. */
  readonly apiKeysFile?: string;
  /** False when `NO_COLOR` is set to anything. */
  readonly color: boolean;
  /** All variables, for plugins that share conventions with other tools. */
  readonly forPlugins: NodeJS.ProcessEnv;
}

/** Variables that are read, with what they are for; `zooid env` prints them. */
export const variables = {
  ZOOID_DATA: 'folder of data sets, searched first',
  ZOOID_CACHE: 'folder for downloads',
  PORT: 'port of zooid serve',
  ZOOID_API_KEYS: 'keys that may call zooid serve: [name=]key or hash, separated by commas',
  ZOOID_API_KEYS_FILE: 'the same from a file, one a line',
  NO_COLOR: 'set to anything: no colours',
  HF_TOKEN: 'access token for the Hub; else read from the file HF_TOKEN_PATH, or token in HF_HOME',
  HF_ENDPOINT: 'URL of the Hub or of a mirror',
  HF_HOME: "folder of the Hub's cache and token",
  HF_HUB_CACHE: "folder of the Hub's cache",
  HF_HUB_OFFLINE: 'set to 1: of the Hub, use only what is cached',
} as const;

/** @throws UsageError when a value cannot be used. */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const { ZOOID_DATA, ZOOID_CACHE, XDG_CACHE_HOME, PORT, NO_COLOR, ZOOID_API_KEYS, ZOOID_API_KEYS_FILE } = env;
  return {
    ...(ZOOID_DATA && { dataFolder: resolve(ZOOID_DATA) }),
    cacheFolder: resolve(ZOOID_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'zooid')),
    ...(PORT && { port: parsePort(PORT, 'the environment variable PORT') }),
    ...(ZOOID_API_KEYS && { apiKeys: ZOOID_API_KEYS }),
    ...(ZOOID_API_KEYS_FILE && { apiKeysFile: resolve(ZOOID_API_KEYS_FILE) }),
    color: !NO_COLOR,
    forPlugins: env,
  };
}

/** @throws UsageError naming `source`. */
export function parsePort(text: string, source: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new UsageError(`${source} must be a port from 0 to 65535, got '${text}'`);
  return port;
}
