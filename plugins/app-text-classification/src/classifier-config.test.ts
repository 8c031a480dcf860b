import { describe, expect, it } from 'vitest';
import { classifierConfigOf, mergeOptions, parseOptions } from './classifier-config.js';

const id2label = { 0: 'no', 1: 'yes' };

describe('classifierConfigOf', () => {
  it('reads any sequence classifier of the Hub', () => {
    expect(classifierConfigOf({ architectures: ['RobertaForSequenceClassification'], id2label })).toEqual({
      labels: ['no', 'yes'],
      multiLabel: false,
      outputFunction: 'softmax',
      thresholds: [0.5, 0.5],
    });
  });

  // As the text-classification pipeline of transformers decides.
  it.each([
    [{ id2label, problem_type: 'multi_label_classification' }, 'sigmoid'],
    [{ id2label: { 0: 'LABEL_0' } }, 'sigmoid'],
    [{ id2label: { 0: 'LABEL_0' }, problem_type: 'regression' }, 'none'],
    [{ id2label, problem_type: 'single_label_classification' }, 'softmax'],
  ])('chooses the output function: %j → %s', (config, fn) => {
    expect(classifierConfigOf(config).outputFunction).toBe(fn);
  });

  it('names labels as transformers does where the folder names none', () => {
    expect(classifierConfigOf({}).labels).toEqual(['LABEL_0', 'LABEL_1']);
    expect(classifierConfigOf({ num_labels: 3, id2label: null }).labels).toHaveLength(3);
  });

  it('reads options and thresholds of its own', () => {
    const own = { options: { multiLabel: true, maxLength: 64 }, thresholds: [0.3, 0.7] };
    const config = { id2label, problem_type: 'multi_label_classification', 'text-classification': own };
    expect(classifierConfigOf(config)).toMatchObject({ thresholds: [0.3, 0.7], options: { maxLength: 64 } });
  });

  it.each([
    [
      'models for other tasks',
      { architectures: ['BertForMaskedLM'], id2label },
      /names BertForMaskedLM; this app opens/,
    ],
    ['ids with a gap', { id2label: { 0: 'a', 2: 'b' } }, /\/id2label\/1 must be a label/],
    ['labels that are no strings', { id2label: { 0: 'a', 1: 7 } }, /\/id2label\/1 must be a label/],
    ['a list of labels', { id2label: ['a'] }, /must map ids to labels/],
    ['no labels', { id2label: {} }, /must name at least one label/],
    ['an impossible number of labels', { num_labels: 1e12 }, /num_labels must be a positive integer/],
  ])('refuses %s', (_, config, message) => {
    expect(() => classifierConfigOf(config as Record<string, unknown>)).toThrow(message);
  });
});

describe('options', () => {
  it.each([
    [{ multiLabel: true, labelSmoothing: 0.1 }, '/labelSmoothing is for one label per text'],
    [{ multiLabel: true, classWeightPower: 0.5 }, '/classWeightPower is for one label per text'],
    [{ multiLabel: true, positiveLabel: 'a' }, '/positiveLabel is for one label per text'],
    [{ threshold: 0.5 }, '/threshold is for multiLabel only'],
    [{ classWeights: { a: 2 }, classWeightPower: 1 }, '/classWeightPower cannot be combined with classWeights'],
    [{ classWeights: { a: 0 } }, '/classWeights must map labels to weights above 0'],
    [{ labelNames: ['a'] }, '/labelNames must map labels to names'],
    [{ textfield: 'x' }, "did you mean 'textField'?"],
  ])('refuse %j', (options, message) => {
    expect(() => parseOptions(options)).toThrow(message);
  });

  it('are overridden one by one, also inside their section', () => {
    const options = parseOptions({ maxLength: 64, tokenizer: { vocabSize: 100, lowercase: false } });
    const merged = mergeOptions(options, { labelSmoothing: 0.1, tokenizer: { vocabSize: 200 } });
    expect(merged).toMatchObject({
      maxLength: 64,
      labelSmoothing: 0.1,
      tokenizer: { vocabSize: 200, lowercase: false, minFrequency: 1 },
    });
  });
});
