import { type Logger, ZooidError } from '@zooid/common';
import { type Kernel, loadConfig, type ReloadReport } from '@zooid/kernel';

export interface ReloadOptions {
  readonly kernel: Kernel;
  readonly logger: Logger;
  /** Where aliases are read from anew; default: they stay as they are. */
  readonly configFile?: string;
}

/** Listens from its creation on, because a SIGHUP that nobody listens for ends the process. */
export interface HangupReload extends AsyncDisposable {
  /** Everything is open: acts on signals from now on, and on those that came before. */
  begin(): void;
}

/**
 * SIGHUP reloads every model that has changed and reads the aliases anew, and says of each what became of it. Signals
 * that come meanwhile are one more round.
 */
export function reloadOnHangup(options: ReloadOptions): HangupReload {
  let state: 'waiting' | 'acting' | 'closed' = 'waiting';
  let isAsked = false;
  let running: Promise<void> | undefined;
  const rounds = async () => {
    while (isAsked && state === 'acting') {
      isAsked = false;
      await reload(options);
    }
    running = undefined;
  };
  const act = () => {
    if (isAsked && state === 'acting') running ??= rounds();
  };
  process.on('SIGHUP', () => {
    isAsked = true;
    act();
  });
  return {
    begin() {
      state = 'acting';
      act();
    },
    // The listener stays: without one a late SIGHUP would end the process in the middle of its drain.
    [Symbol.asyncDispose]: async () => {
      state = 'closed';
      await running;
    },
  };
}

async function reload({ kernel, logger, configFile }: ReloadOptions): Promise<void> {
  try {
    for (const report of await kernel.endpoints.reloadAll()) tell(report, logger);
    if (configFile !== undefined) {
      const { aliases } = await loadConfig(configFile);
      kernel.endpoints.setAliases(aliases);
      logger.info({ aliases }, `aliases as in ${configFile}`);
    }
  } catch (error) {
    logger.error({ reason: messageOf(error) }, 'SIGHUP: not everything was reloaded; what served before still does');
  }
}

function tell({ endpoint, model, outcome, from, to, error }: ReloadReport, logger: Logger): void {
  const fields = { endpoint, model, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  if (outcome === 'failed') {
    logger.error(
      { ...fields, reason: messageOf(error) },
      `'${endpoint}' was not reloaded; what served before still does`,
    );
  } else logger.info(fields, `'${endpoint}' ${words[outcome]}`);
}

const words = {
  loaded: 'was loaded',
  replaced: 'was reloaded',
  unchanged: 'has not changed',
  verified: 'is not in memory; its files are intact',
  unloaded: 'is unloaded and stays so',
} as const;

const messageOf = (error: unknown): string =>
  ZooidError.is(error) || error instanceof Error ? error.message : String(error);
