/** An event as a browser's EventSource would dispatch it. */
export interface ReceivedEvent {
  readonly event: string;
  readonly data: string;
  readonly lastEventId: string;
}

/**
 * Takes a text/event-stream apart as the HTML standard says, byte chunks as they come: lines end with LF, CR or CRLF,
 * comments are skipped, several data lines are joined, what is not ended by an empty line is dropped.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class EventReader {
  readonly comments: string[] = [];
  retry: number | undefined;
  private readonly decoder = new TextDecoder();
  private rest = '';
  private event = '';
  private data: string[] = [];
  private lastEventId = '';

  read(chunk: Uint8Array): ReceivedEvent[] {
    this.rest += this.decoder.decode(chunk, { stream: true });
    const received: ReceivedEvent[] = [];
    for (;;) {
      const [whole, line = ''] = /^([^\r\n]*)(?:\r\n|\n|\r(?!$))/.exec(this.rest) ?? [];
      if (whole === undefined) return received;
      this.rest = this.rest.slice(whole.length);
      if (line !== '') this.field(line);
      else {
        if (this.data.length > 0) {
          const { event, data, lastEventId } = this;
          received.push({ event: event || 'message', data: data.join('\n'), lastEventId });
        }
        this.event = '';
        this.data = [];
      }
    }
  }

  private field(line: string): void {
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (name === '') this.comments.push(value);
    else if (name === 'event') this.event = value;
    else if (name === 'data') this.data.push(value);
    else if (name === 'id' && !value.includes('\0')) this.lastEventId = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.retry = Number(value);
  }
}

/** Every event of a reply, with its data parsed. */
export async function eventsOf(reply: Response): Promise<{ readonly event: string; readonly data: unknown }[]> {
  const reader = new EventReader();
  const events: { readonly event: string; readonly data: unknown }[] = [];
  for await (const chunk of reply.body!) {
    for (const { event, data } of reader.read(chunk)) events.push({ event, data: JSON.parse(data) });
  }
  return events;
}
