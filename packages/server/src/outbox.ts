/** A reply that is ready to be written. */
export interface Outgoing {
  /** Writes it. Must not throw. */
  write(): void;
}

/** Replies that wait for one another at most: bounds what the first of them waits for. */
const maxTogether = 32;

/**
 * Writes the replies of one turn of the event loop together, at its end. Waking whoever waits for a reply is the dearest part
 * of writing it, and callers on one machine wait for many replies at once: the first wakes them, and the others find
 * them awake.
 */
export class Outbox {
  private ready: Outgoing[] = [];
  private scheduled = false;

  add(reply: Outgoing): void {
    this.ready.push(reply);
    if (this.ready.length >= maxTogether) this.send();
    else if (!this.scheduled) {
      this.scheduled = true;
      setImmediate(this.endTurn);
    }
  }

  private readonly endTurn = (): void => {
    this.scheduled = false;
    this.send();
  };

  private send(): void {
    const { ready } = this;
    this.ready = [];
    for (const reply of ready) reply.write();
  }
}
