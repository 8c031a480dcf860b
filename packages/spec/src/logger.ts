import type { Logger as LoggerContract } from '@zooid/common';
import type { ServiceIdentifier } from 'inversify';

/** The host's logger, provided by the kernel. User text is never logged above `debug`. */
export type Logger = LoggerContract;
export const Logger: ServiceIdentifier<Logger> = Symbol.for('@zooid/spec/Logger');
