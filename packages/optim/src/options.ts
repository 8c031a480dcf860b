/** AdamW with decoupled weight decay (Loshchilov & Hutter 2019). */
export interface OptimizerOptions {
  readonly kind: 'adamw';
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8; 1e-6 is usual for pre-training. */
  readonly epsilon?: number;
  /** Default 0.01; never applied to biases and normalisation parameters (see `hasWeightDecay`). */
  readonly weightDecay?: number;
}
