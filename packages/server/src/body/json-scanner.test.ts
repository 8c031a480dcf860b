import { describe, expect, it } from 'vitest';
import { JsonScanner } from './json-scanner.js';

function scan(text: string, chunk = text.length, containers = 100): void {
  const scanner = new JsonScanner(containers);
  const bytes = Buffer.from(text);
  for (let i = 0; i < bytes.length; i += chunk) scanner.write(bytes.subarray(i, i + chunk));
}

const names = (count: number) => `{${Array.from({ length: count }, (_, i) => `"k${i}":1`).join(',')}}`;

describe('JsonScanner', () => {
  it.each([1, 2, 3, 7, 1000])('ignores what stands in strings, in chunks of %i bytes', (chunk) => {
    const text = JSON.stringify({ 'a"[{\\': `[[{${'['.repeat(200)}\\"说${'{'.repeat(200)}` });
    expect(() => scan(text, chunk)).not.toThrow();
    expect(() => scan(`${'['.repeat(33)}"${text.slice(1, 5)}`, chunk)).toThrow('nested deeper than 32');
  });

  it('allows 32 levels, and counts them open, not in all', () => {
    expect(() => scan('['.repeat(32) + ']'.repeat(32))).not.toThrow();
    expect(() => scan('['.repeat(33))).toThrow(/nested deeper/);
    expect(() => scan(`[${'[[]],'.repeat(40)}0]`)).not.toThrow();
  });

  it('counts objects and arrays', () => {
    expect(() => scan(`[${Array(99).fill('{}').join()}]`)).not.toThrow();
    expect(() => scan(`[${Array(100).fill('{}').join()}]`)).toThrow(/more than 100 objects and arrays/);
  });

  it('counts different field names, not fields', () => {
    expect(() => scan(names(1000))).not.toThrow();
    expect(() => scan(names(1001), 5)).toThrow(/more than 1000 different field names/);
    expect(() => scan(`[${Array(90).fill(names(20)).join()}]`)).not.toThrow();
  });
});
