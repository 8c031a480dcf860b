import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Issue, ValidationError } from '@zooid/common';

/** Where the Hub is, who we are to it, and where its files go. */
export interface HubSettings {
  /** Base URL without a trailing slash; a mirror may have a path. */
  readonly endpoint: string;
  /** Folder of the cache that is shared with Python's huggingface_hub. Absolute. */
  readonly cacheFolder: string;
  readonly token?: string;
  /** Read when there is no `token`; need not exist. */
  readonly tokenFile: string;
  /** Nothing is sent; only what the cache holds can be had. */
  readonly offline: boolean;
  /** A request without any byte for this long has failed. */
  readonly timeoutMs: number;
}

/** Variables that `hubSettings` reads, with what they are for. */
export const hubVariables = {
  HF_ENDPOINT: 'URL of the Hub or of a mirror',
  HF_TOKEN: 'access token for the Hub',
  HF_TOKEN_PATH: 'file with the access token',
  HF_HOME: "folder of the Hub's cache and token",
  HF_HUB_CACHE: "folder of the Hub's cache",
  HF_HUB_OFFLINE: 'set to 1: use only what is cached',
  HF_HUB_DOWNLOAD_TIMEOUT: 'seconds without a byte after which a transfer is tried again',
  XDG_CACHE_HOME: 'folder of caches',
} as const;

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Settings by the rules of huggingface_hub, so that both find the same cache and the same token. An empty value counts as
 * unset. `HUGGING_FACE_HUB_TOKEN`, `HUGGINGFACE_HUB_CACHE` and `TRANSFORMERS_OFFLINE`, their former names, still work.
 *
 * @param overrides Take precedence over the variables.
 * @throws ValidationError naming the variable that cannot be used; never its value when that is secret.
 */
export function hubSettings(environment: Variables = {}, overrides: Partial<HubSettings> = {}): HubSettings {
  const issues: Issue[] = [];
  const get = (...names: readonly string[]) => names.map((name) => environment[name]?.trim()).find(Boolean);
  const path = (text: string) => resolve(expand(text, environment));

  const caches = get('XDG_CACHE_HOME') ?? join(homedir(), '.cache');
  const home = path(get('HF_HOME') ?? join(caches, 'huggingface'));
  const token = overrides.token ?? get('HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN');
  if (token !== undefined && !isHeaderSafe(token)) {
    issues.push({ path: 'HF_TOKEN', message: 'holds characters that no token has; copy it again from the Hub' });
  }
  const seconds = Number(get('HF_HUB_DOWNLOAD_TIMEOUT') ?? 30);
  if (!(seconds > 0)) issues.push({ path: 'HF_HUB_DOWNLOAD_TIMEOUT', message: 'must be a number of seconds above 0' });
  const endpoint = overrides.endpoint ?? get('HF_ENDPOINT') ?? 'https://huggingface.co';
  if (!isEndpoint(endpoint)) {
    issues.push({ path: 'HF_ENDPOINT', message: 'must be an http or https URL without user name, query or fragment' });
  }
  if (issues.length > 0) throw new ValidationError('settings of the Hub', issues);
  return {
    endpoint: endpoint.replace(/\/+$/, ''),
    cacheFolder: overrides.cacheFolder ?? path(get('HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub')),
    ...(token !== undefined && { token }),
    tokenFile: overrides.tokenFile ?? path(get('HF_TOKEN_PATH') ?? join(home, 'token')),
    offline: overrides.offline ?? isTrue(get('HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE')),
    timeoutMs: overrides.timeoutMs ?? seconds * 1000,
  };
}

/** Whether `token` can be sent in a header at all. */
export const isHeaderSafe = (token: string): boolean => /^[\x21-\x7e]+$/.test(token);

const isTrue = (value: string | undefined) => /^(1|on|yes|true)$/i.test(value ?? '');

/** `~` and `$NAME`, as Python's client expands them. */
function expand(text: string, environment: Variables): string {
  return text
    .replace(/^~(?=\/|$)/, homedir())
    .replaceAll(/\$(?:(\w+)|\{(\w+)\})/g, (found, plain, braced) => environment[plain ?? braced] ?? found);
}

function isEndpoint(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return (
    url !== undefined &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === ''
  );
}
