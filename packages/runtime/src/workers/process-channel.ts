import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type CallMessage, DYING, type ReplyMessage } from './messages.js';
import type { ChannelEvents, WorkerChannel } from './worker-channel.js';

/**
 * Starts `entry` in a process of its own. It sees no environment variables: what runs there need not be trusted with
 * tokens and keys.
 */
export class ProcessChannel implements WorkerChannel {
  readonly exited: Promise<void>;
  private readonly child: ChildProcess;

  constructor(entry: URL, _name: string, events: ChannelEvents) {
    this.child = fork(fileURLToPath(entry), {
      serialization: 'advanced',
      execArgv: [],
      env: {},
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.unref();
    this.exited = new Promise((resolve) => {
      this.child.once('exit', () => resolve());
      // A process that could not be started does not exit.
      this.child.once('error', () => this.child.pid === undefined && resolve());
    });
    this.child.on('message', (message) => {
      const reply = message as ReplyMessage;
      if (reply[0] === DYING) events.ended(`died: ${reply[2]?.message}`);
      else events.reply(reply);
    });
    this.child.on('error', (cause) => events.broken(`failed: ${cause.message}`, cause));
    this.child.on('exit', (code, signal) =>
      events.ended(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
    );
  }

  post(message: CallMessage): void {
    // Errors arrive as events; a callback keeps Node from throwing them as well.
    this.child.send(message as unknown as object, () => {});
  }

  ref(): void {
    this.child.ref();
    this.child.channel?.ref();
  }

  unref(): void {
    this.child.unref();
    this.child.channel?.unref();
  }

  abandon(): void {
    this.child.kill('SIGKILL');
  }
}
