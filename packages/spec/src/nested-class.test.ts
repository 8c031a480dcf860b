import { describe, expect, it } from 'vitest';
import { IsString, Type, ValidateNested } from './decorators.js';
import { nestedClass } from './nested-class.js';

class Entry {
  @IsString() surface!: string;
}
class Body {
  @ValidateNested({ each: true }) @Type(() => Entry) entries!: Entry[];
  @IsString() name!: string;
}
class LongBody extends Body {}

describe('nestedClass', () => {
  it('names the class behind a nested property, inherited ones included', () => {
    expect(nestedClass(Body, 'entries')).toBe(Entry);
    expect(nestedClass(LongBody, 'entries')).toBe(Entry);
  });

  it('is undefined for a plain property', () => {
    expect(nestedClass(Body, 'name')).toBeUndefined();
  });
});
