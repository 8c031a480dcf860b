import { readFile } from 'node:fs/promises';
import { type Issue, ValidationError } from '@zooid/common';
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/** A parsed YAML file that still knows where things stand. */
export interface YamlFile {
  /** As the user named it, for messages. */
  readonly name: string;
  /** The document as plain data, an empty one as `{}`. */
  readonly content: unknown;
  /** Adds the line to issues whose pointer leads to something in the file, and throws. */
  refuse(issues: readonly Issue[]): never;
}

/**
 * Reads YAML 1.2 (or JSON, which is a part of it).
 * @throws ValidationError with line and column when the file cannot be read or parsed, or repeats a key.
 */
export async function readYaml(file: string): Promise<YamlFile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ValidationError(file, [
      { path: '', message: missing ? 'there is no such file' : `cannot be read: ${(error as Error).message}` },
    ]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const problems = document.errors.map(({ message, pos }) => {
    const { line, col } = lines.linePos(pos[0]);
    return { path: '', message: `line ${line}, column ${col}: ${message}` };
  });
  if (problems.length > 0) throw new ValidationError(file, problems);

  const annotate = ({ path, message }: Issue): Issue => {
    const offset = path === '' ? undefined : offsetOf(document.contents, path);
    return { path, message: offset === undefined ? message : `${message} (line ${lines.linePos(offset).line})` };
  };
  return {
    name: file,
    content: toPlainData(document, file),
    refuse(issues) {
      throw new ValidationError(file, issues.map(annotate));
    },
  };
}

/** @throws ValidationError when aliases would unfold into far more than the file holds. */
function toPlainData(document: Document, file: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (error) {
    throw new ValidationError(file, [{ path: '', message: (error as Error).message }]);
  }
}

/** Where the node under a JSON pointer starts; `undefined` when the file has none, as for a missing key. */
function offsetOf(root: unknown, path: string): number | undefined {
  let node: unknown = root;
  let offset: number | undefined;
  for (const segment of path.slice(1).split('/')) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (pair === undefined) return undefined;
      offset = (pair.key as Node).range?.[0];
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      if (node === undefined) return undefined;
      offset = (node as Node).range?.[0];
    } else {
      return undefined;
    }
  }
  return offset;
}
