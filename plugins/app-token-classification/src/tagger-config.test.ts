import { describe, expect, it } from 'vitest';
import { mergeOptions, parseOptions, taggerConfigOf } from './tagger-config.js';

const id2label = { 0: 'O', 1: 'B-PER', 2: 'I-PER' };

describe('taggerConfigOf', () => {
  it('reads any token classifier of the Hub', () => {
    const config = taggerConfigOf({ architectures: ['XLMRobertaForTokenClassification'], id2label });
    expect(config).toMatchObject({ decoder: 'best', tagSet: { labels: ['O', 'B-PER', 'I-PER'], scheme: 'BIO' } });
    expect(config.options).toBeUndefined();
  });

  it('names labels as transformers does where the folder names none', () => {
    expect(taggerConfigOf({}).tagSet.labels).toEqual(['LABEL_0', 'LABEL_1']);
    expect(taggerConfigOf({ num_labels: 3, id2label: null }).tagSet.labels).toHaveLength(3);
  });

  it('reads options of its own', () => {
    const own = { options: { decoder: 'crf', maxLength: 64 } };
    expect(taggerConfigOf({ id2label, 'token-classification': own })).toMatchObject({
      decoder: 'crf',
      options: { maxLength: 64, scheme: 'BIO' },
    });
  });

  it.each([
    [{ architectures: ['BertForMaskedLM'], id2label }, /names BertForMaskedLM; this app opens models/],
    [{ id2label: [] }, /\/id2label must map ids to labels/],
    [{ id2label: {} }, /\/id2label must name at least one label/],
    [{ id2label: { 0: 'O', 2: 'B-PER' } }, /\/id2label\/1 must be a label, as for every id below 2/],
    [{ id2label: { 0: 7 } }, /\/id2label\/0 must be a label/],
    [{ num_labels: -1 }, /\/num_labels must be a positive integer/],
    [{ id2label, 'token-classification': { options: { decoder: 'beam' } } }, /\/decoder/],
  ])('refuses %j', (config, message) => expect(() => taggerConfigOf(config)).toThrow(message));
});

describe('options', () => {
  it('are checked as they are merged', () => {
    const options = parseOptions({ tokenizer: { vocabSize: 100 } });
    const merged = mergeOptions(options, { scheme: 'BIES', tokenizer: { lowercase: false } });
    expect(merged).toMatchObject({ scheme: 'BIES', tokenizer: { vocabSize: 100, lowercase: false } });
    expect(() => mergeOptions(options, { sheme: 'BIES' })).toThrow(/scheme/);
  });
});
