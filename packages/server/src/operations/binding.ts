import { BlockList, isIP } from 'node:net';
import { type Issue, ZooidError } from '@zooid/common';
import type { ServerConfig } from '../config.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
loopback.addSubnet('::ffff:127.0.0.0', 104, 'ipv6');

/** Whether only this machine reaches `host`. A name other than `localhost` may resolve to anything, so it does not count. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (bare.toLowerCase() === 'localhost') return true;
  const family = isIP(bare);
  return family !== 0 && loopback.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}

/** Refused: the address is open to the network and nobody is asked for a key. */
export class InsecureBindError extends ZooidError {
  readonly code = 'INSECURE_BIND';

  constructor(readonly host: string) {
    super(
      `refusing to bind ${host}, which the network reaches, without API keys: name keys (server.keys, ` +
        'ZOOID_API_KEYS or --api-keys FILE), bind 127.0.0.1, or say --insecure when something in front asks for them',
    );
  }
}

/** @throws InsecureBindError unless the address is this machine's own, keys are asked for, or it was wanted so. */
export function refuseInsecureBind({ host, keys, insecure }: ServerConfig): void {
  if (!isLoopback(host) && keys.length === 0 && !insecure) throw new InsecureBindError(host);
}

/** What no single field shows to be wrong; the paths are below the `server` section. */
export function configIssues({ keys, proxies }: ServerConfig): Issue[] {
  const issues: Issue[] = [];
  for (const field of ['name', 'hash'] as const) {
    const values = keys.map((key) => key[field]);
    const twice = values.findIndex((value, i) => values.indexOf(value) !== i);
    if (twice >= 0) issues.push({ path: `/keys/${twice}/${field}`, message: 'is that of an earlier key' });
  }
  for (const [i, proxy] of proxies.trusted.entries()) {
    if (!isProxy(proxy)) {
      issues.push({
        path: `/proxies/trusted/${i}`,
        message: 'must be an address, a subnet such as 10.0.0.0/8, or loopback, linklocal or uniquelocal',
      });
    }
  }
  return issues;
}

function isProxy(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && (bits === undefined || (Number(bits) >= 1 && Number(bits) <= (family === 6 ? 128 : 32)));
}
