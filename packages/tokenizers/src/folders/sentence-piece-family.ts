import type { SpecialTokenRole } from '../definition.js';
import { TokenizerError } from '../errors.js';
import type { FolderConfig } from './folder-config.js';

/** A token of a template, `A` and `B` for the texts, with its type. */
type TemplateItem = readonly [name: string, typeId: number];

/** What a model family does around its SentencePiece model; the file itself does not say. */
export interface SentencePieceFamily {
  /** `tokenizer_class` of transformers, without `Fast`. */
  readonly classes: readonly string[];
  /** `model_type` of `config.json`. */
  readonly modelTypes: readonly string[];
  readonly roles: Partial<Record<SpecialTokenRole, string>>;
  readonly single?: readonly TemplateItem[];
  readonly pair?: readonly TemplateItem[];
  /** Tokens that the code of the family puts behind those of the model, where they are missing. */
  readonly appended?: readonly string[];
  /** Write ``` `` ``` and `''` as quotation marks, and drop accents unless told to keep them. */
  readonly cleansQuotesAndAccents?: boolean;
  /** What holds where `do_lower_case` is not said. */
  readonly lowercase?: boolean;
  /** Ids of fairseq: four special tokens first, in an order of their own. */
  readonly isFairseq?: boolean;
}

const bertRoles = { cls: '[CLS]', sep: '[SEP]', bos: '[CLS]', eos: '[SEP]', mask: '[MASK]' } as const;
const bertParts = {
  single: [
    ['[CLS]', 0],
    ['A', 0],
    ['[SEP]', 0],
  ],
  pair: [
    ['[CLS]', 0],
    ['A', 0],
    ['[SEP]', 0],
    ['B', 1],
    ['[SEP]', 1],
  ],
} as const;

/** T5 has 100 of them, the highest number first. */
const t5Sentinels = Array.from({ length: 100 }, (_, i) => `<extra_id_${99 - i}>`);

const families: readonly SentencePieceFamily[] = [
  {
    classes: ['AlbertTokenizer'],
    modelTypes: ['albert'],
    roles: { ...bertRoles, pad: '<pad>', unk: '<unk>' },
    ...bertParts,
    cleansQuotesAndAccents: true,
    lowercase: true,
  },
  {
    classes: ['DebertaV2Tokenizer'],
    modelTypes: ['deberta-v2'],
    roles: { ...bertRoles, pad: '[PAD]', unk: '[UNK]' },
    ...bertParts,
    appended: ['[MASK]'],
  },
  {
    classes: ['XLNetTokenizer'],
    modelTypes: ['xlnet'],
    roles: { cls: '<cls>', sep: '<sep>', bos: '<s>', eos: '</s>', mask: '<mask>', pad: '<pad>', unk: '<unk>' },
    single: [
      ['A', 0],
      ['<sep>', 0],
      ['<cls>', 2],
    ],
    pair: [
      ['A', 0],
      ['<sep>', 0],
      ['B', 1],
      ['<sep>', 1],
      ['<cls>', 2],
    ],
    cleansQuotesAndAccents: true,
  },
  {
    classes: ['T5Tokenizer'],
    modelTypes: ['t5'],
    roles: { eos: '</s>', pad: '<pad>', unk: '<unk>' },
    single: [
      ['A', 0],
      ['</s>', 0],
    ],
    pair: [
      ['A', 0],
      ['</s>', 0],
      ['B', 0],
      ['</s>', 0],
    ],
    appended: t5Sentinels,
  },
  {
    classes: ['XLMRobertaTokenizer'],
    modelTypes: ['xlm-roberta'],
    roles: { cls: '<s>', sep: '</s>', bos: '<s>', eos: '</s>', mask: '<mask>', pad: '<pad>', unk: '<unk>' },
    single: [
      ['<s>', 0],
      ['A', 0],
      ['</s>', 0],
    ],
    pair: [
      ['<s>', 0],
      ['A', 0],
      ['</s>', 0],
      ['</s>', 0],
      ['B', 0],
      ['</s>', 0],
    ],
    appended: ['<mask>'],
    isFairseq: true,
  },
  {
    classes: ['LlamaTokenizer'],
    modelTypes: ['llama'],
    roles: { bos: '<s>', eos: '</s>', unk: '<unk>' },
    single: [
      ['<s>', 0],
      ['A', 0],
    ],
    pair: [
      ['<s>', 0],
      ['A', 0],
      ['<s>', 1],
      ['B', 1],
    ],
  },
];

/** The model alone, with the pieces of its file and nothing around the text. */
const plainFamily: SentencePieceFamily = {
  classes: [],
  modelTypes: [],
  roles: { bos: '<s>', eos: '</s>', unk: '<unk>', pad: '<pad>' },
};

/**
 * The family of a folder: by the class or model type that its files name, else by the special pieces of the model.
 *
 * @param modelType `model_type` of `config.json`, where there is one.
 * @throws TokenizerError when it is a family that is not supported, whose ids could be others than those of the file.
 */
export function findFamily(
  config: FolderConfig,
  modelType: string | undefined,
  hasPiece: (piece: string) => boolean,
): SentencePieceFamily {
  const named = config.file.get('tokenizer_class');
  const tokenizerClass = named.isAbsent ? undefined : named.string().replace(/Fast$/, '');
  const generic = tokenizerClass === undefined || tokenizerClass === 'PreTrainedTokenizer';
  const known = generic
    ? families.find((family) => modelType !== undefined && family.modelTypes.includes(modelType))
    : families.find((family) => family.classes.includes(tokenizerClass));
  if (known !== undefined) return known;
  if (!generic) {
    throw new TokenizerError(
      named.part,
      `${tokenizerClass} is not supported; save the tokenizer as tokenizer.json (transformers: AutoTokenizer.from_pretrained(…).save_pretrained(…)), or use ${families.flatMap(({ classes }) => classes).join(', ')}`,
    );
  }
  const byPieces = families.find(
    ({ roles, isFairseq }) =>
      isFairseq !== true && roles.cls !== undefined && [roles.cls, roles.sep!, roles.unk!].every(hasPiece),
  );
  return byPieces ?? plainFamily;
}
