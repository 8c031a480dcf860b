import { parentPort, workerData } from 'node:worker_threads';
import { ValidationError } from '@zooid/common';
import { assemble, type ListFault, type ListSource, type NamedList } from './assembly.js';
import type { LexiconParts } from './lexicon.js';

/** What this thread answers before it ends. */
export type AssemblyReply =
  | { readonly lists: readonly NamedList[]; readonly faults: readonly ListFault[]; readonly lexicon: LexiconParts }
  | { readonly refusal: Pick<ValidationError, 'subject' | 'issues'> };

const port = parentPort;
if (port === null) throw new Error('This module runs in a worker thread');
try {
  const { lists, faults, lexicon } = await assemble(workerData as readonly ListSource[]);
  const { parts, transfer } = lexicon.toTransferable();
  // A lone list shares its columns with the lexicon; they arrive as the same arrays there too.
  port.postMessage({ lists, faults, lexicon: parts } satisfies AssemblyReply, transfer);
} catch (error) {
  if (!(error instanceof ValidationError)) throw error;
  const { subject, issues } = error;
  port.postMessage({ refusal: { subject, issues } } satisfies AssemblyReply);
}
