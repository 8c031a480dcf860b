import type { PoolEvent } from '@zooid/runtime';
import type { Logger } from '@zooid/spec';

/** Tells the log what happens to the workers of a model. */
export function logPoolEvents(logger: Logger, model: string): (event: PoolEvent) => void {
  return (event) => {
    switch (event.kind) {
      case 'worker-died':
        logger.error({ model, reason: event.error.message }, 'a worker died; its runs are done again on another one');
        break;
      case 'worker-lost':
        logger.error({ model, lost: event.lost, reason: event.error.message }, 'a worker does not answer');
        break;
      case 'worker-returned':
        logger.warn({ model, lost: event.lost }, 'a worker that did not answer has ended');
        break;
      case 'replacement-failed':
        logger.error(
          { model, attempts: event.attempts, reason: event.error.message },
          'a worker could not be replaced',
        );
        break;
      case 'weights-not-shared':
        logger.warn({ model, reason: event.reason }, 'every worker keeps its own copy of the weights');
        break;
      case 'worker-replaced':
        logger.info({ model }, 'a worker has been replaced');
        break;
      case 'worker-recycled':
        logger.debug({ model, runs: event.runs }, 'a worker has been recycled');
        break;
      case 'warm-up-failed':
        logger.debug({ model, reason: event.error.message }, 'the model does not run on made-up inputs');
        break;
    }
  };
}
