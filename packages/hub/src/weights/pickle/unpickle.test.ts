import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../errors.js';
import { PickleEndError } from './pickle-reader.js';
import { type PickleEnvironment, unpickle } from './unpickle.js';
import { PickleDict, PickleGlobal, PickleTuple } from './values.js';

const nothing: PickleEnvironment = { findGlobal: () => undefined, loadPersistent: (id) => id };
const run = (program: string, environment = nothing) =>
  unpickle(new Uint8Array(Buffer.from(program, 'latin1')), { subject: 'x', environment });

describe('unpickle', () => {
  // Bytes by pickle.dumps of Python 3.11, in the protocol the second byte names.
  it.each<[string, string, unknown]>([
    ['None', '\x80\x02N.', null],
    ['True', '\x80\x02\x88.', true],
    ['-5', '\x80\x02J\xfb\xff\xff\xff.', -5],
    ['2**40', '\x80\x02\x8a\x06\x00\x00\x00\x00\x00\x01.', 2 ** 40],
    ['-2**70', '\x80\x02\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\xc0.', -(2n ** 70n)],
    ['1.5', '\x80\x02G?\xf8\x00\x00\x00\x00\x00\x00.', 1.5],
    ["'名'", '\x80\x04\x95\x07\x00\x00\x00\x00\x00\x00\x00\x8c\x03\xe5\x90\x8d\x94.', '名'],
    ['(1, 2, 3, 4)', '\x80\x02(K\x01K\x02K\x03K\x04tq\x00.', new PickleTuple([1, 2, 3, 4])],
    ['[1, [2]]', '\x80\x02]q\x00(K\x01]q\x01K\x02ae.', [1, [2]]],
    ["a Python 2 string 'ab'", '\x80\x02U\x02abq\x00.', 'ab'],
  ])('reads %s', (_, program, value) => {
    expect(run(program).value).toEqual(value);
  });

  it('reads dictionaries, shares what the memo shares, and says where it ended', () => {
    const { value, end } = run('\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01]q\x02K\x01h\x02u.rest');
    const dict = value as PickleDict;
    expect([...dict.entries.keys()]).toEqual(['a', 1]);
    expect(dict.entries.get('a')).toBe(dict.entries.get(1));
    expect(end).toBe(23);
  });

  it('survives a list that holds itself', () => {
    const { value } = run('\x80\x02]q\x00h\x00a.');
    expect((value as unknown[])[0]).toBe(value);
  });

  it('calls nothing but what the environment hands out to be called', () => {
    const sum = new PickleGlobal('m.sum', (args) => args.length);
    const name = new PickleGlobal('m.name');
    const environment = { ...nothing, findGlobal: (wanted: string) => [sum, name].find((one) => one.name === wanted) };
    expect(run('\x80\x02cm\nsum\nK\x01K\x02\x86R.', environment).value).toBe(2);
    expect(() => run('\x80\x02cm\nname\n)R.', environment)).toThrow(/calls a 'm\.name'; only tensors/);
    expect(() => run('\x80\x02K\x01)R.', environment)).toThrow(/calls a number/);
    expect(() => run('\x80\x02cm\nsum\nK\x01R.', environment)).toThrow(/calls m\.sum with a number/);
    expect(() => run('\x80\x02cm\nsum\n}b.', environment)).toThrow(/sets the state of a 'm\.sum'/);
  });

  it.each<[string, string, RegExp]>([
    ['a protocol of text', '(lp0\n.', /protocols 2 to 5/],
    ['a protocol to come', '\x80\x06N.', /is of protocol 6/],
    ['an object by NEWOBJ', '\x80\x02N)\x81.', /uses NEWOBJ/],
    ['the extension registry', '\x80\x02\x82\x01.', /uses EXT1/],
    ['an operation nobody knows', '\x80\x02\xff.', /unknown operation 0xff/],
    ['a value that is not there', '\x80\x02\x85.', /takes a value that is not there/],
    ['a mark that was never set', '\x80\x02t.', /closes a mark/],
    ['a memo that was never written', '\x80\x02h\x07.', /recalls memo 7/],
    ['a key without a value', '\x80\x02}(Nu.', /key without a value/],
    ['a list for a key', '\x80\x02}]Ns.', /has a list for a dictionary key/],
    ['an item of no list', '\x80\x02}Na.', /appends to a dict/],
    ['an item of no dictionary', '\x80\x02]NNs.', /sets items of a list/],
    ['a string longer than allowed', '\x80\x02X\xff\xff\xff\x7f.', /string of 2147483647 bytes/],
    [
      'a string of 64-bit length',
      '\x80\x02\x8d\xff\xff\xff\xff\xff\xff\xff\xff.',
      /string of 18446744073709551615 bytes/,
    ],
    ['a string that is not UTF-8', '\x80\x02X\x01\x00\x00\x00\xff.', /not UTF-8/],
    ['a giant integer', '\x80\x02\x8b\xff\xff\xff\x7f.', /integer of 2147483647 bytes/],
    ['a name without end', `\x80\x02c${'x'.repeat(1000)}`, /name of more than 256 bytes/],
    ['names that are no text', '\x80\x04NN\x93.', /looks up a name that is not text/],
    ['marks without end', `\x80\x02${'('.repeat(1000)}.`, /nests more than 200 deep/],
    ['values without end', `\x80\x02${'N'.repeat(200_000)}.`, /stacks more than 100000 values/],
    [
      'values without end below marks',
      `\x80\x02${`(${'N'.repeat(1000)}`.repeat(150)}.`,
      /stacks more than 100000 values/,
    ],
    ['operations without end', `\x80\x02${'N0'.repeat(1_000_001)}.`, /more than 2000000 operations/],
  ])('refuses %s', (_, program, message) => {
    expect(() => run(program)).toThrow(message);
    expect(() => run(program)).toThrow(CheckpointError);
  });

  it('tells an end too early from damage', () => {
    const program = '\x80\x02}q\x00X\x01\x00\x00\x00aK\x01s.';
    for (let length = 0; length < program.length; length++) {
      expect(() => run(program.slice(0, length)), `${length} bytes`).toThrow(PickleEndError);
    }
  });
});
