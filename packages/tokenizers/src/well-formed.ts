import { ValidationError } from '@zooid/common';

/** Index of the first UTF-16 unit that is half of a surrogate pair without its other half, or -1. */
export function findLoneSurrogate(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if ((unit & 0xf800) !== 0xd800) continue;
    const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
    if (unit >= 0xdc00 || (next & 0xfc00) !== 0xdc00) return i;
    i++;
  }
  return -1;
}

/** `String.prototype.isWellFormed` is ES2024; every supported Node has it, the compiler's library does not yet. */
interface WellFormedString {
  isWellFormed(): boolean;
}

export function isWellFormed(text: string): boolean {
  return (text as unknown as WellFormedString).isWellFormed();
}

/**
 * Refuses text that is not valid Unicode. A lone surrogate has no UTF-8 form, so it would change on its way through
 * a file or a response, and offsets into it would mean nothing.
 *
 * @param subject What the text is, for the message.
 * @throws ValidationError naming the UTF-16 index of the first lone surrogate.
 */
export function assertWellFormed(text: string, subject = 'text'): void {
  if (isWellFormed(text)) return;
  const index = findLoneSurrogate(text);
  const unit = text.charCodeAt(index).toString(16).toUpperCase();
  throw new ValidationError(subject, [
    {
      path: '',
      message:
        `expected well-formed Unicode, found the lone surrogate U+${unit} at UTF-16 index ${index}; ` +
        'remove it, or replace it with U+FFFD (text.toWellFormed())',
    },
  ]);
}
