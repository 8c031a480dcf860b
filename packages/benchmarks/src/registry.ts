import type { Benchmark } from './benchmark.js';

/** Loaded one by one, so that the memory one benchmark reports is not another's imports. */
export const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  batching: async () => (await import('./serving/batching/batching.js')).batching,
  'event-loop': async () => (await import('./serving/event-loop.js')).eventLoop,
  g2pm: async () => (await import('./g2pm/g2pm.js')).g2pm,
  gradients: async () => (await import('./bert/gradients.js')).gradients,
  backbones: async () => {
    const { backboneBenchmark, backboneTasks } = await import('./recipes/backbones.js');
    return backboneBenchmark('backbones', backboneTasks);
  },
  ...Object.fromEntries(
    ['cais', 'clinc150', 'fewclue-eprstmt', 'csl-category', 'afqmc'].map((task) => [
      `backbone-${task}`,
      async () => {
        const { backboneBenchmark, backboneTasks } = await import('./recipes/backbones.js');
        return backboneBenchmark(
          `backbone-${task}`,
          backboneTasks.filter(({ name }) => name === task),
        );
      },
    ]),
  ),
  banking77: async () => (await import('./recipes/intent-benchmarks.js')).banking77,
  cais: async () => (await import('./recipes/intent-benchmarks.js')).cais,
  'cais-ablation': async () => (await import('./recipes/cais-ablation.js')).caisAblation,
  clinc150: async () => (await import('./recipes/intent-benchmarks.js')).clinc150,
  'crosswoz-nlu': async () => (await import('./recipes/intent-benchmarks.js')).crosswozNlu,
  faults: async () => (await import('./serving/faults/faults.js')).faults,
  lexicon: async () => (await import('./lexicon/lexicon.js')).lexicon,
  'segmentation-ablation': async () => (await import('./segmentation/segmentation-ablation.js')).segmentationAblation,
  'segmentation-speed': async () => (await import('./segmentation/segmentation-speed.js')).segmentationSpeed,
  'serve-load': async () => (await import('./serving/load/serve-load.js')).serveLoad,
  'serve-memory': async () => (await import('./serving/memory/serve-memory.js')).serveMemory,
  'serve-http': async () => (await import('./serving/http/serve-http.js')).serveHttp,
  soak: async () => (await import('./serving/soak/soak.js')).soak,
  'train-memory': async () => (await import('./bert/train-memory.js')).trainMemory,
  'train-real-lengths': async () => (await import('./bert/train-real-lengths.js')).trainRealLengths,
  'train-step': async () => (await import('./bert/train-step.js')).trainStep,
};
