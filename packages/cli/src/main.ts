import { CommanderError } from 'commander';
import { readEnvironment } from './environment.js';
import { exitCodes, toExitCode } from './exit-codes.js';
import { createProgram } from './program.js';
import { interruptQuietly } from './signals.js';
import type { Terminal } from './terminal.js';

/**
 * Runs one command.
 *
 * @param words The command line without the interpreter and the script.
 * @returns The exit status: 0 success, 2 usage or input error, 1 failure, 130 interrupted.
 */
export async function main(words: readonly string[]): Promise<number> {
  const { stdin, stdout, stderr } = process;
  const reader = { hasLeft: false };
  for (const stream of [stdout, stderr]) endQuietlyWithReader(stream, reader);
  try {
    const terminal: Terminal = { in: stdin, out: stdout, err: stderr, environment: readEnvironment() };
    const program = createProgram(terminal);
    if (words.length === 0) {
      program.outputHelp();
      return exitCodes.success;
    }
    await program.parseAsync(words, { from: 'user' });
    return exitCodes.success;
  } catch (error) {
    // Commander has printed its own.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
    const code = reader.hasLeft ? exitCodes.success : toExitCode(error);
    if (code !== exitCodes.interrupted && !reader.hasLeft)
      stderr.write(`${describe(error, words.includes('--verbose'))}\n`);
    return code;
  }
}

/** One line, unless the stack was asked for. */
function describe(error: unknown, verbose: boolean): string {
  if (!(error instanceof Error)) return `zooid: ${String(error)}`;
  if (verbose && error.stack !== undefined) return `zooid: ${error.stack}`;
  return `zooid: ${error.message.trim().replaceAll(/\s*\n\s*/g, ' ')}`;
}

/**
 * `zooid … | head` closes the pipe early; that is no failure of ours. A command that can be interrupted is: it may have
 * workers inside native calls, which process.exit() would crash.
 */
function endQuietlyWithReader(stream: NodeJS.WriteStream, reader: { hasLeft: boolean }): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (reader.hasLeft) return;
    reader.hasLeft = true;
    if (!interruptQuietly()) process.exit(exitCodes.success);
  });
}
