import type { DataLine, ReadOptions } from './data-line.js';
import { readLines } from './lines.js';

/**
 * Records of a JSON Lines file (UTF-8, plain or gzip), in file order. Lines that are empty or white space are skipped,
 * but counted; lines that are not JSON come as issues.
 *
 * @throws ValidationError when the file cannot be read; AbortError when `signal` fires.
 * @see https://jsonlines.org
 */
export async function* readJsonLines(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<DataLine, void, undefined> {
  for await (const item of readLines(path, options)) {
    if ('issue' in item) yield item;
    else if (item.text.trim() !== '') yield parseLine(item.line, item.text);
  }
}

function parseLine(line: number, text: string): DataLine {
  try {
    return { line, record: JSON.parse(text) as unknown };
  } catch (error) {
    return { line, raw: text, issue: `is not valid JSON: ${(error as Error).message}` };
  }
}
