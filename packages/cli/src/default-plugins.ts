/**
 * Packages that are loaded when zooid.yaml does not choose. They are named here and nowhere else, and imported only
 * when a command needs a kernel: `zooid --help` loads none of them.
 */
export const defaultPlugins: readonly string[] = [
  '@zooid/store-local',
  '@zooid/store-hub',
  '@zooid/backend-onnx',
  // After it: a folder that has a graph is served by the graph.
  '@zooid/backend-transformers',
  '@zooid/dataset-jsonl',
  '@zooid/dataset-csv',
  '@zooid/dataset-templates',
  '@zooid/method-fine-tune',
  '@zooid/method-pretrain',
  '@zooid/app-fill-mask',
  '@zooid/app-intent',
  '@zooid/app-segmentation',
  '@zooid/app-sentence-boundary',
  '@zooid/app-text-classification',
  '@zooid/app-token-classification',
  '@zooid/app-feature-extraction',
];
