import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { ValidationError } from '@zooid/common';
import { type Assembly, assemble, type ListSource } from './assembly.js';
import type { AssemblyReply } from './assembly-worker.js';
import { Lexicon } from './lexicon.js';

/** Below these sizes a lexicon is assembled in less time than a thread takes to start. */
const SMALL_ENTRIES = 2000;
const SMALL_BYTES = 1 << 17;

/** The compiled file, also when this one runs from source under a test runner: build first. */
const workerFile = new URL('../../dist/lexicon/assembly-worker.js', import.meta.url);

/**
 * `assemble` without holding up the event loop: large lexicons are read, built and checked in a thread of their own,
 * which takes and gives columns instead of objects.
 */
export async function assembleInWorker(sources: readonly ListSource[]): Promise<Assembly> {
  if (await isSmall(sources)) return assemble(sources);
  const reply = await runWorker(sources);
  if ('refusal' in reply) throw new ValidationError(reply.refusal.subject, reply.refusal.issues);
  const { lists, faults, lexicon } = reply;
  return { lists, faults, lexicon: Lexicon.fromTransferable(lexicon) };
}

async function isSmall(sources: readonly ListSource[]): Promise<boolean> {
  let entries = 0;
  let bytes = 0;
  for (const source of sources) {
    if ('columns' in source) entries += source.columns.ends.length;
    // A file that is gone is reported by whoever reads it. Compressed ones unfold about tenfold.
    else
      bytes += ((await stat(source.file).catch(() => undefined))?.size ?? 0) * (source.file.endsWith('.gz') ? 10 : 1);
  }
  return entries < SMALL_ENTRIES && bytes < SMALL_BYTES;
}

function runWorker(sources: readonly ListSource[]): Promise<AssemblyReply> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerFile, { name: 'lexicon', workerData: sources, execArgv: [] });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('messageerror', reject);
    worker.once('exit', (code) => reject(new Error(`the lexicon thread ended with code ${code} before it answered`)));
  });
}
