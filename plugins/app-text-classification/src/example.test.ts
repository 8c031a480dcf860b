import { describe, expect, it } from 'vitest';
import { guessFields, parseExample, type RecordFields } from './example.js';

const fields: RecordFields = { textField: 'text', labelField: 'label', multiLabel: false };
const pairs: RecordFields = { ...fields, textField: 'text_a', pairField: 'text_b' };
const several: RecordFields = { ...fields, labelField: 'labels', multiLabel: true };
const complaints = (record: unknown, options: RecordFields) => {
  try {
    parseExample(record, options);
    return [];
  } catch (error) {
    return (error as { issues: { path: string; message: string }[] }).issues.map(
      ({ path, message }) => `${path} ${message}`,
    );
  }
};

describe('parseExample', () => {
  it('reads a text and its label, whatever else the record holds', () => {
    expect(parseExample({ text: 'fine', label: 'good', id: 7 }, fields)).toEqual({ text: 'fine', labels: ['good'] });
  });

  it('reads a pair from the fields that the recipe names', () => {
    expect(parseExample({ text_a: 'a', text_b: 'b', label: '1' }, pairs)).toEqual({
      text: 'a',
      text_pair: 'b',
      labels: ['1'],
    });
  });

  it('takes whole numbers and booleans for labels, and renames them', () => {
    expect(parseExample({ text: 'x', label: 0 }, fields).labels).toEqual(['0']);
    expect(parseExample({ text: 'x', label: true }, fields).labels).toEqual(['true']);
    expect(parseExample({ text: 'x', label: 1 }, { ...fields, labelNames: { '1': 'same' } }).labels).toEqual(['same']);
    expect(parseExample({ text: 'x', label: 'toString' }, { ...fields, labelNames: {} }).labels).toEqual(['toString']);
  });

  it('reads any number of labels, each once', () => {
    expect(parseExample({ text: 'x', labels: ['b', 'a', 'b'] }, several).labels).toEqual(['b', 'a']);
    expect(parseExample({ text: 'x', labels: [] }, several).labels).toEqual([]);
  });

  it.each([
    ['a text that is missing', { label: 'a' }, fields, '/text must be a non-empty string, got nothing'],
    ['a blank text', { text: ' ', label: 'a' }, fields, '/text must be a non-empty string, got " "'],
    [
      'half of a surrogate pair',
      { text: 'x\ud800', label: 'a' },
      fields,
      '/text holds half of a surrogate pair; save the file as UTF-8',
    ],
    [
      'a second text that is missing',
      { text_a: 'x', label: 'a' },
      pairs,
      '/text_b must be a non-empty string, got nothing',
    ],
    [
      'no label',
      { text: 'x' },
      fields,
      '/label must be a label (non-empty strings, whole numbers or booleans), got nothing',
    ],
    [
      'a fraction',
      { text: 'x', label: 0.5 },
      fields,
      '/label must be a label (non-empty strings, whole numbers or booleans), got a number',
    ],
    [
      'one label for several',
      { text: 'x', labels: 'a' },
      several,
      '/labels must be a list of labels (non-empty strings, whole numbers or booleans), got "a"',
    ],
    [
      'a list for one label',
      { text: 'x', label: ['a'] },
      fields,
      '/label must be a label (non-empty strings, whole numbers or booleans), got a list',
    ],
    ['no record', ['x'], fields, ' must be a JSON object'],
  ])('refuses %s', (_, record, options, complaint) => {
    expect(complaints(record, options)).toEqual([complaint]);
  });
});

describe('guessFields', () => {
  it('knows the fields of common data sets', () => {
    expect(guessFields({ text: 'a' })).toEqual({ textField: 'text' });
    expect(guessFields({ text_a: 'a', text_b: 'b' })).toEqual({ textField: 'text_a', pairField: 'text_b' });
    expect(guessFields({ sentence1: 'a', sentence2: 'b' })).toEqual({ textField: 'sentence1', pairField: 'sentence2' });
    expect(guessFields({ sentence: 'a' })).toEqual({ textField: 'sentence' });
  });

  it('falls back to those of requests, so that the message names them', () => {
    expect(guessFields({ review: 'a' })).toEqual({ textField: 'text' });
    expect(guessFields(7)).toEqual({ textField: 'text' });
  });
});
