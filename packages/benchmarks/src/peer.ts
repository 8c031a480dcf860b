import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ZooidError } from '@zooid/common';

const execute = promisify(execFile);
const script = fileURLToPath(new URL('../peers/bert_peer.py', import.meta.url));

/** No interpreter on this machine can run the PyTorch peer. */
export class PeerMissingError extends ZooidError {
  readonly code = 'BENCHMARK_PEER_MISSING';

  constructor(tried: readonly string[], cause: unknown) {
    super(
      `not installed: none of ${tried.join(', ')} can import torch and numpy; ` +
        'on Debian: apt-get install -y python3-torch python3-numpy libopenblas0-pthread',
      { cause },
    );
  }
}

export interface TorchPeer {
  readonly torch: string;
  readonly python: string;
  /** `reference` is the unoptimised BLAS, tens of times slower than the others. */
  readonly blas: 'openblas' | 'mkl' | 'reference' | 'unknown';
  /** The environment that makes it fastest here. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs one command of our peer script and parses what it prints. */
  call(command: string, argument: string): Promise<unknown>;
  /** The same with a script of somebody else's. */
  run(script: string, ...argv: readonly string[]): Promise<unknown>;
}

/**
 * Finds PyTorch, tuned as well as we know how: without these settings Debian's build is several times slower, and a
 * ratio against it would say nothing.
 *
 * @throws PeerMissingError
 */
export async function findTorch(pythons: readonly string[], threads: number): Promise<TorchPeer> {
  const environment = {
    OMP_NUM_THREADS: String(threads),
    // libgomp's and OpenBLAS's threads otherwise spin against each other.
    OMP_WAIT_POLICY: 'passive',
    // OpenBLAS picks its AVX2 kernels on processors newer than itself; it must be told that they have AVX-512.
    ...((await hasAvx512()) && { OPENBLAS_CORETYPE: 'SkylakeX' }),
  };
  let failure: unknown;
  for (const python of pythons) {
    const run = async (file: string, ...argv: readonly string[]): Promise<unknown> => {
      const { stdout } = await execute(python, [file, ...argv], {
        env: { ...process.env, ...environment },
        maxBuffer: 2 ** 28,
      });
      return JSON.parse(stdout);
    };
    try {
      const version = (await run(script, 'version')) as Pick<TorchPeer, 'torch' | 'python' | 'blas'>;
      return { ...version, environment, run, call: (command, argument) => run(script, command, argument) };
    } catch (error) {
      failure = error;
    }
  }
  throw new PeerMissingError(pythons, failure);
}

/** What a report says about the peer. */
export function describePeer({ torch, python, blas, environment }: TorchPeer): Readonly<Record<string, unknown>> {
  const warning =
    'PyTorch runs on the reference BLAS here, so the ratio says nothing; apt-get install -y libopenblas0-pthread';
  return { torch, python, blas, environment, ...(blas === 'reference' && { warning }) };
}

async function hasAvx512(): Promise<boolean> {
  const cpuinfo = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  return /\bavx512f\b/.test(cpuinfo);
}
