import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { describe, expect, it } from 'vitest';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  Transform,
  Type,
  ValidateIf,
  ValidateNested,
} from './decorators.js';
import { TextItem } from './dto.js';
import { checkWithPlan, type Violation } from './dto-plan.js';
import { validateDto } from './validate-dto.js';

class Entry {
  @IsString() @MinLength(2) surface!: string;
  @IsOptional() @IsIn(['song', 'singer']) type?: string;
  @IsOptional() @ValidateNested() @Type(() => Entry) parent?: Entry;
}

class Everything extends TextItem {
  @IsArray() @ArrayMaxSize(3) @ValidateNested({ each: true }) @Type(() => Entry) entries: Entry[] = [];
  @ArrayNotEmpty() @IsString({ each: true }) @MinLength(1, { each: true }) tags: string[] = ['a'];
  @IsInt() @Min(1) @Max(9) count = 1;
  @IsNumber() ratio = 0.5;
  @IsBoolean() flag = false;
  @IsOptional() @IsObject() anything?: Record<string, unknown>;
  @ValidateIf(({ flag }: Everything) => flag)
  @Matches(/^v\d$/, { message: '$property is not a version: $value' })
  version?: string;
}

const values: Record<string, readonly unknown[]> = {
  text: ['x', '', 5, null, undefined, '\ud800'],
  entries: [
    [],
    [{ surface: 'ab' }],
    [{ surface: 'a', type: 'x' }],
    [{ surface: 5, z: 1 }],
    'no',
    {},
    [1],
    [null],
    [{ surface: 'ab', parent: { surface: 'c', q: 1 } }],
    [{ surface: 'ab', parent: 3 }],
    Array(4).fill({ surface: 'ab' }),
  ],
  tags: [['a'], [], ['', 'b'], [1], 'abc', null, {}],
  count: [1, 0, 10, 1.5, '3', null, Number.NaN],
  ratio: [0, -1, Number.NaN, '1', null],
  flag: [true, false, 'true', null],
  anything: [{}, { a: [1] }, [], 'x', null],
  version: ['v1', 'x', 7, null, undefined],
  unknown: [1, { deep: [1] }],
  constructorName: ['x'],
};

/** What both validators say, in one form: path and the names and texts of what failed. */
const flatten = (violations: readonly Violation[] = [], at = ''): unknown[] =>
  violations.flatMap(({ property, constraints = {}, children = [] }) => {
    const texts = Object.entries(constraints).map(([name, text]) => [
      `${at}/${property}`,
      name,
      name === 'nestedValidation' || name === 'whitelistValidation' ? '' : text,
    ]);
    return [...texts, ...flatten(children, `${at}/${property}`)];
  });

const reference = (value: object) => {
  const instance = plainToInstance(Everything, value);
  const options = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };
  return { instance, violations: validateSync(instance, options) as Violation[] };
};

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('checkWithPlan', () => {
  it('agrees with class-transformer and class-validator on 3000 random bodies', () => {
    const next = random(7);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
    let valid = 0;
    for (let i = 0; i < 3000; i++) {
      const body: Record<string, unknown> = { text: 'x' };
      for (let n = Math.floor(next() * 5); n > 0; n--) {
        const name = pick(Object.keys(values));
        // The first values are the good ones; half the time take one, or few bodies would be valid.
        body[name] = next() < 0.5 ? values[name]![0] : pick(values[name]!);
        if (body[name] === undefined) delete body[name];
      }
      const expected = reference(structuredClone(body));
      const actual = checkWithPlan(Everything, body)!;
      const name = JSON.stringify(body);
      expect([name, flatten(actual.violations).sort()]).toEqual([name, flatten(expected.violations).sort()]);
      if (actual.violations.length > 0) continue;
      valid++;
      expect(actual.instance).toEqual(expected.instance);
      expect(actual.instance).toBeInstanceOf(Everything);
      for (const entry of actual.instance.entries) expect(entry).toBeInstanceOf(Entry);
    }
    expect(valid).toBeGreaterThan(300);
    expect(valid).toBeLessThan(2700);
  });

  it('refuses keys that a prototype owns, at every depth', () => {
    const body = JSON.parse(
      '{"text":"x","constructor":1,"entries":[{"surface":"ab","__proto__":{"type":"song"},"toString":1}]}',
    );
    expect(flatten(checkWithPlan(Everything, body)?.violations).map((found) => (found as string[])[0])).toEqual([
      '/constructor',
      '/entries/0/__proto__',
      '/entries/0/toString',
    ]);
  });

  it('refuses an array where an object of a list belongs, which class-validator would let through', () => {
    const found = flatten(checkWithPlan(Everything, { text: 'x', entries: [[]] })?.violations);
    expect(found).toEqual([['/entries/0', 'nestedValidation', '']]);
  });

  it('leaves classes with decorators it does not know to class-validator', () => {
    class Trimmed {
      @Transform(({ value }) => String(value).trim()) @IsString() text!: string;
    }
    class Grouped {
      @IsString({ groups: ['a'] }) text!: string;
    }
    class Holder {
      @ValidateNested() @Type(() => Trimmed) inner!: Trimmed;
    }
    for (const Class of [Trimmed, Grouped, Holder]) expect(checkWithPlan<object>(Class, {})).toBeUndefined();
    expect(validateDto(Trimmed, { text: ' x ' }, 'test').text).toBe('x');
  });

  it('gives up after 200 faults', () => {
    class Many {
      @ValidateNested({ each: true }) @Type(() => Entry) entries!: Entry[];
    }
    const body = { entries: Array.from({ length: 10_000 }, () => ({ surface: 5 })) };
    expect(flatten(checkWithPlan(Many, body)?.violations).length).toBeLessThan(450);
  });
});
