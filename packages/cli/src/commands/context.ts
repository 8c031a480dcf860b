import type { GlobalOptions } from '../host.js';
import type { Terminal } from '../terminal.js';

/** What every command is given. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly options: GlobalOptions;
}
