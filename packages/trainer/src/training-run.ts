import { AbortError, type Logger, silentLogger, type TrainEvent } from '@zooid/common';
import type { StepResult } from '@zooid/runtime';
import { type Checkpoint, type CheckpointState, checkpointFormat, type Parameters } from './checkpoint.js';
import { configDifferences, configDigest } from './config-digest.js';
import { DivergenceGuard } from './divergence-guard.js';
import { DivergenceError, ResumeMismatchError } from './errors.js';
import type { StepPlan } from './program-source.js';
import { RunFolder } from './run-folder.js';
import { describeMachine, peakMemoryBytes, type RunRecord } from './run-record.js';
import { Selection } from './selection.js';
import type { TrainOptions, TrainResult } from './train-options.js';

/** Step events in the log of a whole run, about. */
const stepEvents = 400;
/** Whoever watches sees a step at least this often; what lies between two logged ones is not logged. */
const showEveryMs = 1000;

/** The progress of one run: what has happened, what is best, what must be saved. The loop drives it. */
export class TrainingRun {
  private readonly selection: Selection | undefined;
  private readonly guard: DivergenceGuard;
  private readonly digest: string;
  private readonly logEvery: number;
  private readonly logger: Logger;
  private readonly startedAt = new Date();
  private completed = 0;
  private lastEvaluation = 0;
  private tokens = 0;
  private secondsBefore = 0;
  private best: Parameters | undefined;
  private finished: 'steps' | 'patience' | undefined;
  /** Loss since the last step event; saved, so that a resumed run reports the same numbers. */
  private window = { loss: 0, steps: 0 };
  /** Throughput since the last step event. */
  private recent = { tokens: 0, since: performance.now() };
  private lastShown = performance.now();

  private constructor(
    private readonly options: TrainOptions,
    private readonly folder: RunFolder,
  ) {
    this.selection = options.select === undefined ? undefined : new Selection(options.select);
    this.guard = new DivergenceGuard(options.skipTolerance ?? 0);
    this.digest = configDigest(options.config);
    this.logEvery = options.logEvery ?? Math.max(1, Math.round(options.source.totalSteps / stepEvents));
    this.logger = options.logger ?? silentLogger;
  }

  /** Starts a run, or continues the one in the folder. @throws ResumeMismatchError */
  static async open(options: TrainOptions): Promise<TrainingRun> {
    const { directory, resume, checkpoints, logger = silentLogger } = options;
    const { folder, checkpoint } = await RunFolder.open({ directory, resume, checkpoints, logger });
    const run = new TrainingRun(options, folder);
    if (checkpoint !== undefined) {
      await run.restore(checkpoint);
      return run;
    }
    if (resume) logger.info({ directory }, 'no checkpoint to resume from, starting at the beginning');
    await run.checkpoint(); // from here on there is always one to come back to
    return run;
  }

  /** Steps completed. */
  get step(): number {
    return this.completed;
  }

  /** No step is left to do. */
  get over(): boolean {
    return (
      this.finished !== undefined ||
      this.completed >= this.options.source.totalSteps ||
      this.selection?.exhausted === true
    );
  }

  get evaluationDue(): boolean {
    const { evaluation, source } = this.options;
    if (evaluation === undefined || this.finished !== undefined || this.lastEvaluation === this.completed) return false;
    if (this.completed === source.totalSteps) return true;
    return evaluation.every === 'epoch'
      ? source.epochEnds.includes(this.completed)
      : this.completed % evaluation.every === 0;
  }

  async evaluate(): Promise<void> {
    const { evaluation, session } = this.options;
    if (evaluation === undefined) return;
    const step = this.completed;
    const metrics = await evaluation.run(step).catch(async (error: unknown) => {
      // The step is done and its evaluation is not: a resumed run starts with this evaluation.
      if (error instanceof AbortError) await this.checkpoint();
      throw error;
    });
    this.lastEvaluation = step;
    const best = this.selection?.observe(step, metrics) ?? false;
    if (best) this.best = (await session.exportState({ moments: false })).parameters;
    this.emit({ type: 'evaluation', step, split: evaluation.split, metrics, best });
    this.recent = { tokens: 0, since: performance.now() };
  }

  /** Books a step. @throws DivergenceError */
  async completeStep(step: number, plan: StepPlan, result: StepResult): Promise<void> {
    if (this.guard.observe(result)) {
      await this.folder.settled();
      throw new DivergenceError(
        step,
        this.guard.state.losses,
        result.gradientNorm,
        await this.folder.newestCheckpoint(),
      );
    }
    if (!result.updated)
      this.logger.warn({ step, loss: result.loss, gradientNorm: result.gradientNorm }, 'update skipped');
    this.completed = step;
    const tokens = plan.microBatches.reduce((sum, batch) => sum + batch.tokens, 0);
    this.tokens += tokens;
    this.recent.tokens += tokens;
    if (Number.isFinite(result.loss))
      this.window = { loss: this.window.loss + result.loss, steps: this.window.steps + 1 };
    if (step % this.logEvery === 0 || step === this.options.source.totalSteps) this.reportStep(plan);
    else if (performance.now() - this.lastShown > showEveryMs) this.show(this.stepEvent(plan));
    if (this.folder.checkpointDue(step)) await this.startCheckpoint();
  }

  /** Saves the present state and waits until it is on disk. */
  async checkpoint(): Promise<void> {
    await this.startCheckpoint();
    await this.folder.settled();
  }

  /** Puts the best weights into the session, and completes the run folder. */
  async finish(): Promise<TrainResult> {
    const { session } = this.options;
    if (this.finished === undefined) {
      this.finished = this.selection?.exhausted === true ? 'patience' : 'steps';
      await this.checkpoint();
      await this.folder.tidy();
      await this.writeRecord('finished', this.finished === 'patience' ? 'the metric stopped improving' : undefined);
    }
    if (this.best !== undefined)
      await session.importState({ parameters: this.best, moments: new Map(), updates: this.completed });
    const best = this.bestEvaluation;
    return {
      steps: this.completed,
      stopped: this.finished,
      ...(best === undefined ? {} : { best }),
      seconds: this.seconds,
      tokens: this.tokens,
      curve: this.folder.events,
    };
  }

  /** Leaves a record of what went wrong; never throws, so that the cause is what the caller sees. */
  async fail(error: unknown): Promise<void> {
    const status = error instanceof AbortError ? 'aborted' : error instanceof DivergenceError ? 'diverged' : 'failed';
    const reason = error instanceof Error ? error.message : String(error);
    try {
      await this.folder.settled();
      await this.writeRecord(status, reason);
    } catch (second) {
      this.logger.error(
        { error: second instanceof Error ? second.message : String(second) },
        'the run record could not be written',
      );
    }
  }

  /** Copies the arrays now; they are written while training goes on. */
  private async startCheckpoint(): Promise<void> {
    const { session, source } = this.options;
    const training = await session.exportState();
    const saved = source.save?.();
    const state = this.snapshot(training.updates, saved?.values);
    const arrays = { training, best: this.best, sourceTensors: saved?.tensors };
    await this.folder.startCheckpoint(state, arrays, (path) =>
      this.emit({ type: 'checkpoint', step: state.step, path }),
    );
  }

  private async restore({ state, training, best, source, path }: Checkpoint): Promise<void> {
    if (state.configDigest !== this.digest) {
      throw new ResumeMismatchError(this.options.directory, configDifferences(state.config, this.options.config));
    }
    await this.options.session.importState(training);
    this.completed = state.step;
    this.lastEvaluation = state.lastEvaluation;
    this.tokens = state.tokens;
    this.secondsBefore = state.seconds;
    this.window = { ...state.window };
    this.finished = state.finished;
    this.best = best;
    this.guard.restore(state.divergence);
    if (state.selection !== undefined) this.selection?.restore(state.selection);
    if (source !== undefined) this.options.source.restore?.(source);
    this.logger.info({ path, step: state.step }, 'resumed');
  }

  private snapshot(updates: number, source: CheckpointState['source']): CheckpointState {
    return {
      format: checkpointFormat,
      step: this.completed,
      updates,
      seed: this.options.seed,
      config: this.options.config,
      configDigest: this.digest,
      lastEvaluation: this.lastEvaluation,
      selection: this.selection?.current,
      divergence: this.guard.state,
      source,
      window: this.window,
      tokens: this.tokens,
      seconds: this.seconds,
      ...(this.finished === undefined ? {} : { finished: this.finished }),
    };
  }

  private reportStep(plan: StepPlan): void {
    this.emit(this.stepEvent(plan));
    this.window = { loss: 0, steps: 0 };
    this.recent = { tokens: 0, since: performance.now() };
  }

  private stepEvent(plan: StepPlan): TrainEvent {
    const rates = Object.values(plan.learningRates);
    return {
      type: 'step',
      step: this.completed,
      totalSteps: this.options.source.totalSteps,
      epoch: plan.epoch,
      loss: this.window.loss / Math.max(this.window.steps, 1),
      learningRate: rates.length === 0 ? 0 : Math.max(...rates),
      tokensPerSecond: (1000 * this.recent.tokens) / Math.max(performance.now() - this.recent.since, 1e-3),
    };
  }

  private emit(event: TrainEvent): void {
    this.folder.append(event);
    this.show(event);
  }

  private show(event: TrainEvent): void {
    this.lastShown = performance.now();
    this.options.onEvent?.(event);
  }

  private async writeRecord(status: RunRecord['status'], reason: string | undefined): Promise<void> {
    const { options, seconds, tokens } = this;
    const best = this.bestEvaluation;
    const record: RunRecord = {
      status,
      ...(reason === undefined ? {} : { reason }),
      startedAt: this.startedAt.toISOString(),
      updatedAt: new Date().toISOString(),
      step: this.completed,
      totalSteps: options.source.totalSteps,
      ...(best === undefined ? {} : { best }),
      seed: options.seed,
      config: options.config,
      configDigest: this.digest,
      machine: describeMachine(),
      timings: {
        trainingSeconds: seconds,
        tokens,
        tokensPerSecond: tokens / Math.max(seconds, 1e-3),
        peakMemoryBytes: peakMemoryBytes(),
      },
      curve: this.folder.events.filter(({ type }) => type !== 'checkpoint'),
    };
    await this.folder.writeRecord(record, options.title ?? 'Training run');
  }

  private get bestEvaluation(): TrainResult['best'] {
    const state = this.selection?.current;
    return state?.bestMetrics === undefined ? undefined : { step: state.bestStep, metrics: state.bestMetrics };
  }

  private get seconds(): number {
    return this.secondsBefore + (Date.now() - this.startedAt.getTime()) / 1000;
  }
}
