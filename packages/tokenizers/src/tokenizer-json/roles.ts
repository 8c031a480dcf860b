import { defaultSpecialTokens, type SpecialTokenRole, type SpecialTokens } from '../definition.js';
import { JsonReader } from '../json-reader.js';
import type { Template, TemplatePart } from '../template.js';

const allRoles = ['pad', 'unk', 'cls', 'sep', 'mask', 'bos', 'eos'] as const satisfies readonly SpecialTokenRole[];

/** What special tokens are called in well-known vocabularies, where no file says so. */
const customaryNames: Readonly<Record<SpecialTokenRole, readonly string[]>> = {
  pad: ['[PAD]', '<pad>'],
  unk: ['[UNK]', '<unk>'],
  cls: ['[CLS]', '<cls>', '<s>'],
  sep: ['[SEP]', '<sep>', '</s>'],
  mask: ['[MASK]', '<mask>'],
  bos: ['<s>', '<|endoftext|>', '<|begin_of_text|>'],
  eos: ['</s>', '<|endoftext|>', '<|end_of_text|>'],
};

/**
 * The special tokens that `tokenizer_config.json` or `special_tokens_map.json` names, as strings or as `{ content }`.
 *
 * @param name Which of them it is, for messages.
 */
export function readRoles(config: unknown, name = 'tokenizer_config.json'): Partial<Record<SpecialTokenRole, string>> {
  if (config === undefined) return {};
  const file = new JsonReader(config, name);
  const roles: Partial<Record<SpecialTokenRole, string>> = {};
  for (const role of allRoles) {
    const entry = file.get(`${role}_token`);
    if (entry.isAbsent) continue;
    roles[role] = typeof entry.value === 'string' ? entry.value : entry.get('content').string();
  }
  return roles;
}

/** The tokens of each role: as named, else by their place in the template, else by their customary names. */
export function chooseRoles(
  named: Partial<Record<SpecialTokenRole, string>>,
  template: Template,
  vocab: readonly string[],
): SpecialTokens {
  const known = new Set(vocab);
  const customary: Partial<Record<SpecialTokenRole, string>> = {};
  for (const role of allRoles) {
    const found = customaryNames[role].find((token) => known.has(token));
    if (found !== undefined) customary[role] = found;
  }
  return { ...defaultSpecialTokens, ...customary, ...rolesInTemplate(template), ...named };
}

function rolesInTemplate({ single }: Template): Partial<Record<SpecialTokenRole, string>> {
  const text = single.findIndex((part) => 'sequence' in part);
  const tokenAt = (part: TemplatePart | undefined) => (part !== undefined && 'token' in part ? part.token : undefined);
  const before = tokenAt(single[text - 1]);
  const after = tokenAt(single[text + 1]);
  const last = tokenAt(single[text + 2]);
  // XLNet alone has both tokens behind the text: `A <sep> <cls>`.
  const cls = before ?? last;
  return { ...(cls === undefined ? {} : { cls }), ...(after === undefined ? {} : { sep: after }) };
}
