/** Names become one path segment of a URL and a label of metrics. */
const urlSafe = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** What {@link isName} wants, for messages. */
export const nameForm = "up to 64 letters, digits, '.', '_' or '-', and start with a letter or digit";

/** Whether it can name an endpoint, a version or an alias. */
export function isName(text: string): boolean {
  return urlSafe.test(text);
}

/** A served name and, when one is asked for, a version of it. */
export interface Address {
  readonly name: string;
  readonly version: string | undefined;
}

/** `intent`, or `intent@2`. */
export function parseAddress(text: string): Address {
  const at = text.indexOf('@');
  return at < 0 ? { name: text, version: undefined } : { name: text.slice(0, at), version: text.slice(at + 1) };
}
