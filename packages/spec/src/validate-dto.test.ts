import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import {
  ArrayNotEmpty,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  Min,
  Type,
  ValidateNested,
} from './decorators.js';
import { NoParameters, TextItem } from './dto.js';
import { checkDto, toPlain, validateDto } from './validate-dto.js';

class Entry {
  @IsString()
  surface!: string;

  @IsIn(['song', 'singer'])
  type = 'song';
}

class Request extends TextItem {
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(10)
  topK = 3;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Entry)
  lexicon: Entry[] = [];

  @IsOptional()
  @IsString({ each: true })
  @ArrayNotEmpty()
  labels?: string[];
}

const issuesOf = (value: unknown) => checkDto(Request, value, '/inputs/0').issues;

describe('validateDto', () => {
  it('builds instances, nested ones too, with the defaults of the class', () => {
    const request = validateDto(Request, { text: 'x', lexicon: [{ surface: 'y' }] }, 'request');
    expect(request).toBeInstanceOf(Request);
    expect(request.lexicon[0]).toBeInstanceOf(Entry);
    expect(toPlain(request)).toEqual({ text: 'x', topK: 3, lexicon: [{ surface: 'y', type: 'song' }] });
  });

  it('leaves the given value as it was', () => {
    const value = { text: 'x', lexicon: [{ surface: 'y' }] };
    validateDto(Request, value, 'request');
    expect(value).toEqual({ text: 'x', lexicon: [{ surface: 'y' }] });
  });

  it('throws one error that names the subject and every issue', () => {
    expect(() => validateDto(Request, { text: '', topK: 0 }, 'recipe.yaml', { at: '/options' })).toThrow(
      new ValidationError('recipe.yaml', [
        { path: '/options/topK', message: 'must not be less than 1' },
        { path: '/options/text', message: 'must be longer than or equal to 1 characters' },
      ]),
    );
  });

  it('points into nested lists', () => {
    const lexicon = [{ surface: 'ok' }, { surface: 5, type: 'album' }];
    expect(issuesOf({ text: 'x', lexicon })).toEqual([
      { path: '/inputs/0/lexicon/1/surface', message: 'must be a string, got 5' },
      {
        path: '/inputs/0/lexicon/1/type',
        message: 'must be one of the following values: song, singer, got "album"',
      },
    ]);
  });

  it('names the nearest key for unknown ones at every depth', () => {
    expect(issuesOf({ text: 'x', topk: 1, lexicon: [{ surface: 'y', tpye: 'song' }] })).toEqual([
      { path: '/inputs/0/topk', message: "is an unknown key; did you mean 'topK'?" },
      { path: '/inputs/0/lexicon/0/tpye', message: "is an unknown key; did you mean 'type'?" },
    ]);
  });

  it('lists the valid keys when none is near', () => {
    expect(issuesOf({ text: 'x', zzz: 1 })[0]!.message).toBe('is an unknown key; allowed: topK, lexicon, labels, text');
  });

  it('says only that the type is wrong when it is', () => {
    expect(issuesOf({ text: 'x', topK: '3' })).toEqual([
      { path: '/inputs/0/topK', message: 'must be an integer number, got "3"' },
    ]);
  });

  it('does not convert: a number in quotes is a string', () => {
    expect(issuesOf({ text: 1 })[0]!.message).toBe('must be a string, got 1');
  });

  it('says that something is missing once', () => {
    expect(issuesOf({})).toEqual([{ path: '/inputs/0/text', message: 'is required' }]);
  });

  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [[], 'an array'],
    [3, '3'],
    ['x', '"x"'],
    ['x'.repeat(50), 'a string'],
  ])('wants an object, not %j', (value, shown) => {
    expect(issuesOf(value)).toEqual([{ path: '/inputs/0', message: `must be an object, got ${shown}` }]);
  });

  it('refuses a nested value that is no object', () => {
    expect(issuesOf({ text: 'x', lexicon: ['y'] })[0]).toMatchObject({ path: '/inputs/0/lexicon/0' });
    expect(issuesOf({ text: 'x', lexicon: 'y' }).map(({ path }) => path)).toContain('/inputs/0/lexicon');
  });

  it('checks the entries of a list of plain values', () => {
    expect(issuesOf({ text: 'x', labels: ['a', 1] })[0]).toMatchObject({ path: '/inputs/0/labels' });
  });

  it('refuses every key of a class that declares none', () => {
    expect(checkDto(NoParameters, {}).issues).toEqual([]);
    expect(checkDto(NoParameters, { verbose: true }).issues).toEqual([
      { path: '/verbose', message: 'is an unknown key; none is allowed here' },
    ]);
  });

  it('escapes keys in pointers', () => {
    expect(checkDto(NoParameters, { 'a/b~c': 1 }).issues[0]!.path).toBe('/a~1b~0c');
  });

  it('lets no key reach a prototype', () => {
    const { issues } = checkDto(Request, JSON.parse('{"text":"x","__proto__":{"a":1},"constructor":1}'));
    expect(issues.map(({ path }) => path)).toEqual(['/__proto__', '/constructor']);
  });

  it('refuses what is nested deeper than the stack', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(checkDto(Request, { text: 'x', deep }).issues.length).toBeGreaterThan(0);
  });
});

describe('TextItem', () => {
  it.each(['plain', '汉字', '👩‍👩‍👧', '\u{10ffff}', '\u0000'])('takes well-formed text: %j', (text) => {
    expect(checkDto(TextItem, { text }).issues).toEqual([]);
  });

  it.each([
    ['\ud800', 0],
    ['ab\udfff', 2],
    ['👍\ud83d', 2],
    ['\udc4d\ud83d', 0],
  ])('refuses the lone surrogate in %j by its index', (text, index) => {
    expect(checkDto(TextItem, { text }).issues).toEqual([
      { path: '/text', message: `must be well-formed Unicode, but has a lone surrogate at index ${index}` },
    ]);
  });
});
