import type { Request, Response } from 'express';
import type { RequestRecord } from './request-record.js';

/** A request before it has its route. */
export interface GuardedCall {
  readonly request: Request;
  readonly response: Response;
  readonly record: RequestRecord;
  /** Without the query, and relative to where the server is mounted. */
  readonly path: string;
}

/**
 * Stands before every route: lets a request pass, now or after a while, or says that it has answered it.
 *
 * @throws RequestError to refuse it; a promise rejects with one.
 */
export type Guard = (call: GuardedCall) => undefined | 'answered' | Promise<void>;
