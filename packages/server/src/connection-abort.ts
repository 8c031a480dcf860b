import { setMaxListeners } from 'node:events';

/** Requests that one controller may serve: bounds what listeners nobody removed can keep alive. */
const maxUses = 100;

const spare = Symbol('spare controller');

interface Spare {
  readonly controller: AbortController;
  uses: number;
}

/** A connection, which may carry a controller that no request uses at the moment. */
export interface Connection {
  [spare]?: Spare | undefined;
}

/**
 * What aborts the work of one request. An AbortSignal is among the dearest objects of Node (up to a third of a trivial
 * request, with its collection), so the requests of a kept connection use one after another, each of them alone:
 * requests that are pipelined find none to spare and get their own.
 */
export class ConnectionAbort {
  private readonly lent: Spare;

  constructor(private readonly connection: Connection) {
    this.lent = connection[spare] ?? fresh();
    connection[spare] = undefined;
  }

  get signal(): AbortSignal {
    return this.lent.controller.signal;
  }

  abort(): void {
    this.lent.controller.abort();
  }

  /** The work is done: the next request may have it. */
  release(): void {
    if (this.signal.aborted || ++this.lent.uses >= maxUses) return;
    this.connection[spare] = this.lent;
  }
}

function fresh(): Spare {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // every batch of a large request listens
  return { controller, uses: 0 };
}
