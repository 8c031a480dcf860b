import { recipeBenchmark } from './recipe-benchmark.js';

/** nlp.js 4 reaches 92.4 on the same split. */
export const cais = recipeBenchmark('cais', 'intent/cais', 'accuracy', 94.5);
/** Accuracy over in-scope questions, rejection on; nlp.js 4 reaches 84.5. */
export const clinc150 = recipeBenchmark('clinc150', 'intent/clinc150', 'inScopeAccuracy', 88);
/** nlp.js 4 reaches 50.6. */
export const banking77 = recipeBenchmark('banking77', 'intent/banking77', 'accuracy', 85);
/** No published figure for this conversion; the bound is a plain text-only model of ours. */
export const crosswozNlu = recipeBenchmark('crosswoz-nlu', 'intent/crosswoz-nlu', 'microF1', 85);
