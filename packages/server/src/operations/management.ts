import type { IncomingMessage } from 'node:http';
import type { ServerConfig } from '../config.js';
import { RequestError } from '../errors.js';
import type { RequestRecord } from './request-record.js';

/** Lets a request to a managing route pass. @throws RequestError `FORBIDDEN` */
export type ManageGuard = (request: IncomingMessage, record: RequestRecord) => void;

/**
 * Who may load, unload and point elsewhere: where keys are asked for, those that say so. A page of another origin may
 * not, even where no key is: a browser sends its plain POST without asking this server first.
 */
export function manageGuard({ keys, cors }: ServerConfig): ManageGuard {
  return ({ headers }, { key }) => {
    if (keys.length > 0 && key?.manage !== true) {
      throw new RequestError('FORBIDDEN', `The API key '${key?.name}' may not manage models; give it manage: true`);
    }
    const { origin, host } = headers;
    if (origin === undefined || hostOf(origin) === host || cors.origins.includes(origin)) return;
    throw new RequestError('FORBIDDEN', 'Pages of other origins may not manage models');
  };
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
