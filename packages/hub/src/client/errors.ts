import { ZooidError } from '@zooid/common';

/** What is known about the request that failed. Never holds credentials: `url` comes without its query. */
export interface HubErrorDetails extends ErrorOptions {
  readonly status?: number;
  readonly url?: string;
  readonly requestId?: string;
}

/** The Hub answered something that cannot be worked with. */
export class HubError extends ZooidError {
  readonly code: string = 'HUB_FAILED';
  readonly status?: number;
  readonly url?: string;
  /** For support requests to the Hub. */
  readonly requestId?: string;

  constructor(message: string, { status, url, requestId, ...options }: HubErrorDetails = {}) {
    super(message, options);
    if (status !== undefined) this.status = status;
    if (url !== undefined) this.url = url;
    if (requestId !== undefined) this.requestId = requestId;
  }
}

/** The token is missing, wrong, or does not allow this (401, 403). */
export class HubAccessError extends HubError {
  override readonly code: string = 'HUB_ACCESS';
}

/** The model's owner wants its conditions accepted first. */
export class HubGatedError extends HubAccessError {
  override readonly code = 'HUB_GATED';

  constructor(
    message: string,
    /** Page where the conditions are accepted. */
    readonly acceptUrl: string,
    details?: HubErrorDetails,
  ) {
    super(message, details);
  }
}

/** There is no such repository, revision or file, or the token may not see it. */
export class HubNotFoundError extends HubError {
  override readonly code = 'HUB_NOT_FOUND';

  constructor(
    readonly what: 'repository' | 'revision' | 'file',
    message: string,
    details?: HubErrorDetails,
  ) {
    super(message, details);
  }
}

/** Too many requests (429), and the Hub wants a longer pause than we are ready to wait. */
export class HubRateLimitError extends HubError {
  override readonly code = 'HUB_RATE_LIMITED';
}

/** The Hub cannot be reached, or failed (5xx) each time it was asked. */
export class HubUnavailableError extends HubError {
  override readonly code = 'HUB_UNAVAILABLE';
}

/** Something is not in the cache, and the network must not be used. */
export class HubOfflineError extends HubError {
  override readonly code = 'HUB_OFFLINE';
}

/** A repository holds something that must not reach the disk: a path that leaves the folder, names that collide. */
export class HubListingError extends HubError {
  override readonly code = 'HUB_LISTING';
}

/** What arrived, or what lies in the cache, is not what the Hub promised. */
export class HubIntegrityError extends HubError {
  override readonly code = 'HUB_INTEGRITY';
}

/** The file system of the cache is full, or cannot be written. */
export class HubStorageError extends HubError {
  override readonly code = 'HUB_STORAGE';
}
