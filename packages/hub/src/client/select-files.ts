import type { HubFile } from './checked-listing.js';
import { matchesAny } from './file-patterns.js';

export interface FilePatterns {
  /** Default: what serving and training need. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}

/**
 * The files of a model that are worth fetching.
 *
 * With `include`, what fits one of the patterns. Without, what is read here: configuration, tokenizer, vocabulary and card; the
 * weights once, as safetensors or, for want of them, as PyTorch's `.bin`; the plain ONNX graph or, for want of it, one of its
 * other forms. Copies for other frameworks, checkpoints and training state stay where they are. `exclude` applies last.
 */
export function selectFiles(files: readonly HubFile[], { include, exclude = [] }: FilePatterns): HubFile[] {
  const wanted = include === undefined ? defaultFiles(files) : files.filter(({ path }) => matchesAny(path, include));
  return wanted.filter(({ path }) => !matchesAny(path, exclude));
}

/** Below folders, only what sentence-transformers keeps there: `1_Pooling/config.json`. */
const text = /^([^/]+\.(json|txt|model|jinja|md|tiktoken)|(vocab|merges)[^/]*|LICENSE[^/]*|\d+_[^/]+\/config\.json)$/i;
/** What transformers.js, and we, put behind `model` for forms of a graph that are not the plain one. */
const onnxForm = /_(fused|quantized|int8|uint8|fp16|q4|q4f16|q8|bnb4|O[1-4]|qint8[^/]*|quint8[^/]*|optimized)\.onnx/i;

function defaultFiles(files: readonly HubFile[]): HubFile[] {
  const having = (pattern: RegExp) => files.filter(({ path }) => pattern.test(path));
  const first = (...patterns: readonly RegExp[]) => patterns.map(having).find((found) => found.length > 0) ?? [];
  const weights = first(
    /^model\.safetensors$/,
    /^model-\d+-of-\d+\.safetensors$/,
    /^[^/]+\.safetensors$/,
    /^pytorch_model\.bin$/,
    /^pytorch_model-\d+-of-\d+\.bin$/,
  );
  const plainGraphs = having(/^(onnx\/)?[^/]+\.onnx$/).filter(({ path }) => !onnxForm.test(path));
  const graphs =
    plainGraphs.length > 0 ? plainGraphs : first(/_fused\.onnx$/, /_fp16\.onnx$/, /_quantized\.onnx$/, /\.onnx$/);
  // Weights beside a graph, `model.onnx_data`, `model.onnx.data`, belong to it.
  const beside = files.filter(({ path }) =>
    graphs.some((graph) => new RegExp(`^${quoted(graph.path)}[._]data`).test(path)),
  );
  const chosen = new Set([...having(text), ...weights, ...graphs, ...beside]);
  return files.filter((file) => chosen.has(file));
}

const quoted = (path: string) => path.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
