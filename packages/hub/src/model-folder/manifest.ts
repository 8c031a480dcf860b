/** Name of the manifest in a model folder. */
export const manifestFile = 'zooid.json';

/** The only layout of `zooid.json` so far. */
export const manifestFormat = 1;

/** One file of a model folder. */
export interface FileEntry {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** A data source the model was made from. */
export interface DataEntry {
  /** Split or data set: `train`, `cais/train`. */
  readonly name: string;
  /** File names as in the recipe; never absolute paths. */
  readonly files: readonly string[];
  readonly sha256: string;
  readonly license?: string;
}

/** A metric, with the interval it was estimated to lie in where that was computed. */
export type MetricEntry = number | { readonly value: number; readonly low: number; readonly high: number };

/** How an optimised form of the graph compares with the one it was made from. */
export interface VariantEntry {
  readonly file: string;
  readonly bytes: number;
  /** Data and examples, or `samples` of the model's own, or `random` inputs. */
  readonly comparedOn: string;
  /** Largest difference of an output element, and of a probability. */
  readonly maxDifference: number;
  readonly maxProbabilityDifference: number;
  readonly decisions: number;
  readonly changedDecisions: number;
  /** Of labelled data: the metric, its value with this form, and with the form it was made from. */
  readonly metric?: string;
  readonly value?: number;
  readonly reference?: number;
}

/** What the writer of a model says about it; `writeModelFolder` adds the rest. */
export interface ManifestFields {
  /** How users name it: `intent-zh-speaker`. */
  readonly id: string;
  /** App that answers with it: `intent`. */
  readonly app: string;
  /** Training method: `fine-tune`. */
  readonly method: string;
  /** The recipe with every default filled in. */
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly data: readonly DataEntry[];
  readonly seeds: readonly number[];
  /** By split, then by name: `{ test: { accuracy: { value: 0.95, low: 0.93, high: 0.97 } } }`. */
  readonly metrics: Readonly<Record<string, Readonly<Record<string, MetricEntry>>>>;
  /** Optimised forms of the graph by name: `int8`. */
  readonly variants?: Readonly<Record<string, VariantEntry>>;
  /** File with example inputs and outputs; see `goldenFile`. */
  readonly golden?: string;
  /** Versions of what made it: `{ zooid: '0.1.0', onnxruntime: '1.30.0' }`. */
  readonly createdWith: Readonly<Record<string, string>>;
  /** SPDX id, or a sentence where none fits. */
  readonly license?: string;
  /** ISO 639 codes. */
  readonly languages?: readonly string[];
  readonly description?: string;
}

/** `zooid.json`: what a model is, what it was made from, and the digest of each of its files. */
export interface ModelManifest extends ManifestFields {
  readonly formatVersion: typeof manifestFormat;
  /** Hash over the digests of `files`; see `revisionOf`. */
  readonly revision: string;
  /** Sorted by path. Leaves out the manifest itself, the card and `run/`. */
  readonly files: readonly FileEntry[];
}
