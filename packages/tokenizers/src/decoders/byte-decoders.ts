import { bytesOfCharacters, bytesOfTokens } from '../byte-characters.js';
import type { Decoder } from './decoder.js';

const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** GPT-2's: characters back to bytes, bytes to text. What is not UTF-8 becomes U+FFFD. */
export function byteLevelDecoder(json: {
  readonly add_prefix_space: boolean;
  readonly trim_offsets: boolean;
  readonly use_regex: boolean;
}): Decoder {
  return {
    json: { type: 'ByteLevel', ...json } as Decoder['json'],
    apply: (tokens) => {
      const bytes: number[] = [];
      for (const token of tokens) appendBytes(token, bytes);
      return [lossy.decode(Uint8Array.from(bytes))];
    },
  };
}

/** A token with a character that stands for no byte (an added one) is text as it is. */
function appendBytes(token: string, bytes: number[]): void {
  const before = bytes.length;
  for (const character of token) {
    const byte = bytesOfCharacters.get(character);
    if (byte === undefined) {
      bytes.length = before;
      for (const raw of Buffer.from(token, 'utf8')) bytes.push(raw);
      return;
    }
    bytes.push(byte);
  }
}

/** `<0x…>` tokens back to text; a run of them that is not UTF-8 becomes one U+FFFD a byte. */
export const byteFallbackDecoder: Decoder = {
  json: { type: 'ByteFallback' },
  apply: (tokens) => {
    const result: string[] = [];
    let bytes: number[] = [];
    const flush = () => {
      if (bytes.length === 0) return;
      try {
        result.push(strict.decode(Uint8Array.from(bytes)));
      } catch {
        for (let i = 0; i < bytes.length; i++) result.push('\ufffd');
      }
      bytes = [];
    };
    for (const token of tokens) {
      const byte = bytesOfTokens.get(token);
      if (byte !== undefined) {
        bytes.push(byte);
        continue;
      }
      flush();
      result.push(token);
    }
    flush();
    return result;
  },
};
