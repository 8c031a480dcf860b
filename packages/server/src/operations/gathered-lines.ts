/** More than this is not held back. */
const maxLength = 65_536;

/**
 * Hands the lines of one turn of the event loop on together, at its end: writing to a file or a pipe is a system call, and a
 * busy server logs many lines in a turn. None is lost when the process exits before its turn ends; a signal that kills it
 * takes those of one turn along.
 */
export class GatheredLines implements Disposable {
  private text = '';
  private scheduled = false;

  constructor(private readonly destination: { write(text: string): unknown }) {
    process.once('exit', this.flush);
  }

  write(line: string): void {
    this.text += line;
    if (this.text.length >= maxLength) this.flush();
    else if (!this.scheduled) {
      this.scheduled = true;
      setImmediate(this.endTurn);
    }
  }

  /** Hands on what there is. */
  [Symbol.dispose](): void {
    process.off('exit', this.flush);
    this.flush();
  }

  private readonly flush = (): void => {
    const { text } = this;
    this.text = '';
    if (text !== '') this.destination.write(text);
  };

  private readonly endTurn = (): void => {
    this.scheduled = false;
    this.flush();
  };
}
