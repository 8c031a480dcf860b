/** A model on the Hub, as `org/name` or `org/name@revision`. */
export interface HubReference {
  /** `org/name`. */
  readonly repo: string;
  /** Branch, tag, commit or `refs/pr/N`; absent: the default branch. */
  readonly revision?: string;
}

/** The branch that is meant when none is named. */
export const defaultRevision = 'main';

const commitPattern = /^[0-9a-f]{40}$/;

/**
 * Reads `org/name[@revision]`; `undefined` when `text` has another form, such as a path or a plain name.
 *
 * Names follow the Hub's rules: letters, digits, `-`, `_`, `.`, at most 96 characters, neither `--` nor `..`, not at the
 * border `-` or `.`. So a reference can never be a path that leads out of a folder.
 */
export function parseHubReference(text: string): HubReference | undefined {
  const at = text.indexOf('@');
  const [repo, revision] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  const parts = repo.split('/');
  if (parts.length !== 2 || !parts.every(isName)) return undefined;
  if (revision === undefined) return { repo };
  return isRevision(revision) ? { repo, revision } : undefined;
}

/** A full commit id: content that never changes. */
export const isCommit = (revision: string): boolean => commitPattern.test(revision);

/** By the rules of git, and so that it is safe as a path below `refs/`. */
export function isRevision(revision: string): boolean {
  return (
    revision.length <= 255 &&
    /^[\w.+-][\w.+/-]*$/.test(revision) &&
    revision.split('/').every((part) => part !== '' && !part.startsWith('.') && !/(\.|\.lock)$/.test(part)) &&
    !revision.includes('..')
  );
}

function isName(name: string): boolean {
  return (
    name.length <= 96 &&
    /^\w([\w.-]*\w)?$/.test(name) &&
    !name.includes('--') &&
    !name.includes('..') &&
    !/\.(git|ipynb)$/.test(name)
  );
}
