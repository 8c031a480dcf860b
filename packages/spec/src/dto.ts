import { IsString, MinLength, ValidateBy, type ValidationArguments, type ValidationOptions } from './decorators.js';

/** A class whose decorators describe valid input (class-validator) and how to build it (class-transformer). */
export type DtoClass<T extends object = object> = new () => T;

/** Half of a pair, or alone: most texts have neither, and V8 sees that at once where characters are of one byte. */
const surrogate = /[\ud800-\udfff]/;

/** First index of a surrogate without its partner, or -1 when `text` can be encoded as UTF-8 without loss. */
export function loneSurrogateIndex(text: string): number {
  if (!surrogate.test(text)) return -1;
  // With the u flag a proper pair is one code point, so the category Surrogate matches lone halves only.
  return text.search(/\p{Surrogate}/u);
}

/** Refuses strings with lone surrogates: they have no UTF-8 form, so offsets and hashes would not survive a round trip. */
export function IsWellFormed(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isWellFormed',
      validator: {
        validate: (value) => typeof value !== 'string' || loneSurrogateIndex(value) === -1,
        defaultMessage: (args?: ValidationArguments) =>
          `must be well-formed Unicode, but has a lone surrogate at index ${loneSurrogateIndex(String(args?.value))}`,
      },
    },
    options,
  );
}

/** The least an item has: non-empty text. Apps extend it with fields of their own. */
export class TextItem {
  @IsString()
  @MinLength(1)
  @IsWellFormed()
  text!: string;
}

/** For apps without parameters: every key is unknown. */
export class NoParameters {}
