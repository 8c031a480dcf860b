/** One place of a template: a fixed token, or the tokens of the first (`A`) or second (`B`) text. */
export type TemplatePart =
  | { readonly token: string; readonly typeId: number }
  | { readonly sequence: 'A' | 'B'; readonly typeId: number };

/** How tokens of one text, and of a pair, become the model's input. */
export interface Template {
  readonly single: readonly TemplatePart[];
  readonly pair: readonly TemplatePart[];
}

/** `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`, the second text and its `[SEP]` of type 1. */
export function bertTemplate(cls: string, sep: string): Template {
  const single: TemplatePart[] = [
    { token: cls, typeId: 0 },
    { sequence: 'A', typeId: 0 },
    { token: sep, typeId: 0 },
  ];
  return { single, pair: [...single, { sequence: 'B', typeId: 1 }, { token: sep, typeId: 1 }] };
}

/** The texts alone. */
export const bareTemplate: Template = {
  single: [{ sequence: 'A', typeId: 0 }],
  pair: [
    { sequence: 'A', typeId: 0 },
    { sequence: 'B', typeId: 1 },
  ],
};

export function countTokens(parts: readonly TemplatePart[]): number {
  return parts.reduce((count, part) => count + ('token' in part ? 1 : 0), 0);
}
