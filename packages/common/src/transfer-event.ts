/** What pulling or pushing a model reports while it runs; each serialises to one JSON line. */
export type TransferEvent =
  | {
      /** What will be moved is known. */
      readonly type: 'plan';
      readonly model: string;
      /** Commit that was asked for, or that the push builds on. */
      readonly revision: string;
      readonly files: number;
      readonly bytes: number;
    }
  | {
      /** Bytes of one file that are there now, those of an earlier attempt included. */
      readonly type: 'progress';
      readonly file: string;
      readonly bytes: number;
      readonly totalBytes: number;
    }
  | {
      /** One file is complete; `cached` when nothing had to be moved for it. */
      readonly type: 'file';
      readonly file: string;
      readonly bytes: number;
      readonly cached: boolean;
    }
  | {
      /** Something went wrong on the way and is tried again after a pause. */
      readonly type: 'retry';
      readonly reason: string;
      readonly waitMs: number;
    }
  | {
      /** Another process moves the same thing; this one waits for it. */
      readonly type: 'waiting';
      readonly reason: string;
    };
