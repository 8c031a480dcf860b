import { bareTemplate, bertTemplate, type Template, type TemplatePart } from './template.js';

/** What happens to the tokens of texts in the end: special tokens around them, offsets without spaces. */
export interface PostProcessor {
  readonly template: Template;
  /** Offsets leave out the spaces at both ends of a token. */
  readonly trimsOffsets: boolean;
  /** As in `tokenizer.json`; `null` when there is nothing to do. */
  toJSON(idOf: (token: string) => number): object | null;
}

export const noPostProcessor: PostProcessor = { template: bareTemplate, trimsOffsets: false, toJSON: () => null };

export function templateProcessor(template: Template): PostProcessor {
  const tokens = [...template.single, ...template.pair].flatMap((part) => ('token' in part ? [part.token] : []));
  return {
    template,
    trimsOffsets: false,
    toJSON: (idOf) => ({
      type: 'TemplateProcessing',
      single: template.single.map(writePart),
      pair: template.pair.map(writePart),
      special_tokens: Object.fromEntries(
        tokens.map((token) => [token, { id: token, ids: [idOf(token)], tokens: [token] }]),
      ),
    }),
  };
}

/** `[CLS] A [SEP] B [SEP]`. */
export function bertProcessor(cls: string, sep: string): PostProcessor {
  return templateProcessor(bertTemplate(cls, sep));
}

/** `<s> A </s></s> B </s>`, all of type 0. */
export function robertaProcessor(
  cls: string,
  sep: string,
  options: { readonly trimsOffsets: boolean; readonly addPrefixSpace: boolean },
): PostProcessor {
  const special = (token: string): TemplatePart => ({ token, typeId: 0 });
  const single: TemplatePart[] = [special(cls), { sequence: 'A', typeId: 0 }, special(sep)];
  return {
    template: { single, pair: [...single, special(sep), { sequence: 'B', typeId: 0 }, special(sep)] },
    trimsOffsets: options.trimsOffsets,
    toJSON: (idOf) => ({
      type: 'RobertaProcessing',
      sep: [sep, idOf(sep)],
      cls: [cls, idOf(cls)],
      trim_offsets: options.trimsOffsets,
      add_prefix_space: options.addPrefixSpace,
    }),
  };
}

export function byteLevelProcessor(json: {
  readonly add_prefix_space: boolean;
  readonly trim_offsets: boolean;
  readonly use_regex: boolean;
}): PostProcessor {
  return {
    template: bareTemplate,
    trimsOffsets: json.trim_offsets,
    toJSON: () => ({ type: 'ByteLevel', ...json }),
  };
}

/** Of several templates the last one that adds something counts; real files have one. */
export function sequenceProcessor(processors: readonly PostProcessor[]): PostProcessor {
  const adding = processors.filter(({ template }) => template !== bareTemplate);
  return {
    template: adding.at(-1)?.template ?? bareTemplate,
    trimsOffsets: processors.some(({ trimsOffsets }) => trimsOffsets),
    toJSON: (idOf) => ({ type: 'Sequence', processors: processors.map((processor) => processor.toJSON(idOf)) }),
  };
}

function writePart(part: TemplatePart): object {
  return 'token' in part
    ? { SpecialToken: { id: part.token, type_id: part.typeId } }
    : { Sequence: { id: part.sequence, type_id: part.typeId } };
}
