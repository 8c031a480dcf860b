import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ValidationError } from '@zooid/common';
import { configIssues, hashApiKey, isLoopback, keyHashPattern, refuseInsecureBind, ServerConfig } from '@zooid/server';
import { validateDto } from '@zooid/spec';
import type { Environment } from './environment.js';
import { UsageError } from './errors.js';
import type { Project } from './host.js';

/** What the command line says about the server; it goes before the environment, and that before zooid.yaml. */
export interface ServerSettings {
  readonly port?: number;
  readonly host?: string;
  readonly insecure?: boolean;
  /** File of API keys. */
  readonly apiKeys?: string;
  readonly corsOrigin?: readonly string[];
  /** Requests a minute from one address. */
  readonly rateLimit?: number;
  readonly deadline?: number;
  readonly logLevel?: string;
  /** False: no line per request. */
  readonly accessLog?: boolean;
}

/** A plain key this short could be guessed, and its SHA-256 with it. */
const minKeyLength = 16;

/**
 * The `server` section of zooid.yaml with everything that the command line and the environment add, checked.
 *
 * @throws ValidationError naming each field, UsageError for key files, InsecureBindError.
 */
export async function readServerConfig(
  { config: file }: Project,
  environment: Environment,
  settings: ServerSettings = {},
): Promise<ServerConfig> {
  const subject = `${file?.file ?? 'command line'}, section server`;
  const section: Record<string, unknown> = { ...file?.server };
  const set = (name: string, value: unknown) => {
    if (value !== undefined) section[name] = value;
  };
  const merge = (name: string, part: Record<string, unknown>) => {
    const given = Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined));
    if (Object.keys(given).length > 0) section[name] = { ...(section[name] as object | undefined), ...given };
  };
  set('port', settings.port ?? environment.port);
  set('host', settings.host);
  set('insecure', settings.insecure);
  set('deadlineMs', settings.deadline);
  merge('cors', { origins: settings.corsOrigin?.length ? settings.corsOrigin : undefined });
  merge('rateLimit', { perAddress: settings.rateLimit });
  merge('log', { level: settings.logLevel, access: settings.accessLog === false ? false : undefined });
  const config = validateDto(ServerConfig, section, subject);
  config.keys.push(...(await readKeys(environment, settings.apiKeys)));
  const issues = configIssues(config);
  if (issues.length > 0) throw new ValidationError(subject, issues);
  refuseInsecureBind(config);
  return config;
}

/** One line for people: where the server would listen and who may call. */
export function describeServer({ host, port, keys, insecure, rateLimit, cors }: ServerConfig): string {
  const callers =
    keys.length > 0
      ? `${keys.length} API keys`
      : insecure && !isLoopback(host)
        ? 'no API keys (insecure)'
        : 'no API keys';
  return [
    `${host}:${port}`,
    callers,
    rateLimit.perAddress > 0 ? `${rateLimit.perAddress} requests a minute by address` : 'no rate limit by address',
    cors.origins.length > 0 ? `called from pages of ${cors.origins.join(', ')}` : 'CORS off',
  ].join(', ');
}

async function readKeys({ apiKeys, apiKeysFile }: Environment, named: string | undefined) {
  const keys = parseKeys((apiKeys ?? '').split(','), 'ZOOID_API_KEYS');
  const file = named ?? apiKeysFile;
  if (file === undefined) return keys;
  const text = await readFile(resolve(file), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`the file of API keys ${file} cannot be read (${cause.code}); name a readable one`, { cause });
  });
  return [...keys, ...parseKeys(text.split(/\r?\n/), file)];
}

/** Each is `[name=]key` or `[name=]hash`; a plain key is hashed here and kept nowhere. Messages never quote one. */
function parseKeys(lines: readonly string[], source: string): { name: string; hash: string }[] {
  return lines.flatMap((line, i) => {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) return [];
    const [, name = `${source === 'ZOOID_API_KEYS' ? 'env' : 'file'}-${i + 1}`, value = ''] =
      /^(?:([A-Za-z0-9][A-Za-z0-9._-]{0,63})=)?(.+)$/.exec(text) ?? [];
    if (keyHashPattern.test(value)) return [{ name, hash: value }];
    if (value.length < minKeyLength || value.length > 512 || /\s/.test(value) || /^(sha256|scrypt):/.test(value)) {
      throw new UsageError(
        `${source}, entry ${i + 1}: a key has 16 to 512 characters without spaces, or is a sha256: or scrypt: hash; ` +
          'make one with: openssl rand -hex 32',
      );
    }
    return [{ name, hash: hashApiKey(value) }];
  });
}
