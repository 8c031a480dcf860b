/** Named numbers of one evaluation. */
export type Metrics = Readonly<Record<string, number>>;

/** What the loop reports while it runs; each serialises to one JSON line. */
export type TrainEvent =
  | {
      readonly type: 'step';
      readonly step: number;
      readonly totalSteps: number;
      readonly epoch: number;
      /** Mean over the steps since the last event. */
      readonly loss: number;
      readonly learningRate: number;
      readonly tokensPerSecond: number;
    }
  | {
      readonly type: 'evaluation';
      readonly step: number;
      readonly split: string;
      readonly metrics: Metrics;
      readonly best: boolean;
    }
  | { readonly type: 'checkpoint'; readonly step: number; readonly path: string };
