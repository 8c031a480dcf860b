import { ZooidError } from '@zooid/common';
import { didYouMean } from './nearest.js';

/** A plugin cannot be used: a requirement is missing, a name is taken twice, it was written for another contract. */
export class PluginError extends ZooidError {
  readonly code = 'PLUGIN_FAILED';

  constructor(
    readonly plugin: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Something asked for by name does not exist. `kind` says what sort of thing: `app`, `method`, `endpoint`. */
export class UnknownNameError extends ZooidError {
  readonly code = 'NAME_UNKNOWN';

  constructor(
    readonly kind: string,
    readonly requested: string,
    readonly known: readonly string[],
  ) {
    const list = known.length === 0 ? `no ${kind} is loaded` : `known: ${known.join(', ')}`;
    super(`unknown ${kind} '${requested}'${didYouMean(requested, known)} (${list})`);
  }
}

/** A name that must be unique is in use already. */
export class DuplicateNameError extends ZooidError {
  readonly code = 'NAME_TAKEN';

  constructor(
    readonly kind: string,
    readonly requested: string,
  ) {
    super(`${kind} '${requested}' exists already; choose another name or close the old one first`);
  }
}

/** A model cannot be loaded or used. Backends and stores throw it, or a subclass, for what they refuse. */
export class ModelError extends ZooidError {
  readonly code: string = 'MODEL_FAILED';

  constructor(
    /** Model id or the reference the caller used. */
    readonly model: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** No store knows the reference. */
export class ModelNotFoundError extends ModelError {
  override readonly code = 'MODEL_NOT_FOUND';

  constructor(
    readonly reference: string,
    /** Names of the stores that were asked. */
    readonly searched: readonly string[],
    /** Ids of models that are here. */
    known: readonly string[] = [],
  ) {
    const where =
      searched.length === 0 ? 'no loaded plugin provides a model store' : `searched: ${searched.join(', ')}`;
    const hint = didYouMean(reference, known);
    super(reference, `model '${reference}' was not found${hint} (${where}); list what there is with: zooid models`);
  }
}

/** The model was unloaded or replaced while the caller kept a handle to it. Ask `Models.get` again. */
export class ModelUnloadedError extends ModelError {
  override readonly code = 'MODEL_UNLOADED';

  constructor(model: string) {
    super(model, `model '${model}' was unloaded; ask Models.get for it again instead of keeping the old handle`);
  }
}

/** The model cannot be unloaded while endpoints serve it. */
export class ModelInUseError extends ModelError {
  override readonly code = 'MODEL_IN_USE';

  constructor(
    model: string,
    readonly users: readonly string[],
  ) {
    super(model, `model '${model}' is in use by ${users.join(', ')}; close them first`);
  }
}

/** A request is larger than the host allows; hosts answer 413. */
export class LimitError extends ZooidError {
  readonly code = 'LIMIT_EXCEEDED';

  constructor(
    /** JSON pointer (RFC 6901) to what is too large. */
    readonly path: string,
    /** What is counted: `items`, `UTF-16 units of text`. */
    readonly unit: string,
    readonly limit: number,
    readonly actual: number,
  ) {
    super(
      `${path} has ${actual} ${unit}, at most ${limit} are allowed; send less, or raise the limit in the configuration`,
    );
  }
}

/** A data set cannot be used: its files changed, could not be downloaded, or could not be converted. */
export class DatasetError extends ZooidError {
  readonly code: string = 'DATASET_FAILED';

  constructor(
    readonly dataset: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A data set's files are neither here nor obtainable. */
export class DatasetNotFoundError extends DatasetError {
  override readonly code = 'DATASET_NOT_FOUND';

  constructor(
    dataset: string,
    /** Paths that were looked at. */
    readonly searched: readonly string[],
    message: string,
  ) {
    super(dataset, message);
  }
}

/** The host is shutting down, or has shut down. */
export class ClosedError extends ZooidError {
  readonly code = 'CLOSED';

  constructor(what: string) {
    super(`${what} is closed`);
  }
}
