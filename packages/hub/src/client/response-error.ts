import {
  HubAccessError,
  HubError,
  type HubErrorDetails,
  HubGatedError,
  HubNotFoundError,
  HubRateLimitError,
  HubUnavailableError,
} from './errors.js';

/** What a request is about, so that an error can say it in the caller's terms. */
export interface RequestSubject {
  readonly endpoint: string;
  /** `org/name`. */
  readonly repo: string;
  readonly revision?: string;
  readonly file?: string;
  /** Whether a token was sent. */
  readonly authorized: boolean;
  /** What the caller wants, for refusals: `read` or `write`. */
  readonly access: 'read' | 'write';
}

/** Without query and fragment: signed links carry their credentials there. */
export function withoutSecrets(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//');
}

/** Reads the body of a refused request, and says in one error what happened and what to do. */
export async function responseError(response: Response, subject: RequestSubject): Promise<HubError> {
  const details = detailsOf(response);
  const { status } = response;
  const code = response.headers.get('x-error-code') ?? '';
  const said = await explanation(response);
  const { repo, revision, file, endpoint, authorized } = subject;
  const page = `${endpoint}/${repo}`;

  if (code === 'GatedRepo') {
    const next = authorized
      ? `accept them at ${page} with the account of your token`
      : `accept them at ${page}, then set HF_TOKEN to a token of that account`;
    return new HubGatedError(`'${repo}' is gated: its owner asks to accept conditions first; ${next}`, page, details);
  }
  if (status === 429) return new HubRateLimitError(`the Hub refuses further requests for now${said}`, details);
  if (status >= 500 || status === 408) {
    return new HubUnavailableError(`the Hub failed with status ${status}${said}; try again later`, details);
  }
  if (status === 401 && authorized && /credentials|expired/i.test(said)) return rejectedToken(details);
  if (code === 'RevisionNotFound') return missingRevision(repo, revision, details);
  if (code === 'EntryNotFound') return missingFile(repo, revision, file, details);
  if (code === 'RepoNotFound' || status === 401) {
    // The Hub does not tell strangers whether a private repository exists: it asks for a password, whatever the name.
    const hint = authorized
      ? 'check the name, and that your token may see it'
      : 'check the name; when it is private, set HF_TOKEN to a token that may see it';
    return new HubNotFoundError('repository', `there is no repository '${repo}' on ${endpoint}; ${hint}`, details);
  }
  if (status === 403) {
    const what = subject.access === 'write' ? `write to '${repo}'` : `read '${repo}'`;
    const hint = authorized
      ? `use a token with ${subject.access} permission for it`
      : 'set HF_TOKEN to a token that may';
    return new HubAccessError(`the Hub does not allow you to ${what}${said}; ${hint}`, details);
  }
  if (status === 404) {
    if (file !== undefined) return missingFile(repo, revision, file, details);
    if (revision !== undefined) return missingRevision(repo, revision, details);
    return new HubNotFoundError(
      'repository',
      `there is no repository '${repo}' on ${endpoint}; check the name`,
      details,
    );
  }
  return new HubError(`the Hub refused the request for '${repo}' with status ${status}${said}`, details);
}

function rejectedToken(details: HubErrorDetails): HubAccessError {
  const hint = 'make a new one in the settings of your account and set HF_TOKEN, or unset it for public models';
  return new HubAccessError(`the Hub does not accept the access token; ${hint}`, details);
}

function missingRevision(repo: string, revision = 'main', details: HubErrorDetails): HubNotFoundError {
  const message = `'${repo}' has no revision '${revision}'; name a branch, a tag or a full commit id`;
  return new HubNotFoundError('revision', message, details);
}

function missingFile(repo: string, revision = 'main', file = '', details: HubErrorDetails): HubNotFoundError {
  return new HubNotFoundError('file', `'${repo}' has no file '${file}' at revision '${revision}'`, details);
}

function detailsOf({ status, url, headers }: Response): HubErrorDetails {
  const requestId = headers.get('x-request-id') ?? undefined;
  return { status, url: withoutSecrets(url), ...(requestId !== undefined && { requestId }) };
}

/** What the Hub says about it, in one line that a terminal can show: `: Invalid rev id`. */
async function explanation(response: Response): Promise<string> {
  let text = response.headers.get('x-error-message') ?? '';
  if (text === '' && (response.headers.get('content-type') ?? '').includes('json')) {
    const body = await response.text().catch(() => '');
    try {
      const { error, message } = JSON.parse(body) as { error?: unknown; message?: unknown };
      text = [error, message].find((value) => typeof value === 'string') ?? '';
    } catch {
      // Not what it says it is: the status alone has to do.
    }
  } else {
    await response.body?.cancel().catch(() => {});
  }
  const line = text.replaceAll(/[\s\p{C}]+/gu, ' ').trim();
  return line === '' ? '' : `: ${line.slice(0, 300)}`;
}
