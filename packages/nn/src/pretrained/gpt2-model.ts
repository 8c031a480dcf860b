import { type Gpt2Config, parseGpt2Config } from '../gpt2/config.js';
import { gpt2Decoder } from '../gpt2/decoder.js';
import { causalLanguageModelHead } from '../heads/causal-language-model.js';
import type { ModuleContext } from '../module-context.js';
import type { Architectures } from './pretrained-model.js';

/** Files store the causal mask with every layer. */
const buffers = /\.attn\.(bias|masked_bias)$/;
const topLevel = /^(wte|wpe|h|ln_f)\./;

/** GPT-2's networks: the decoder alone, and with its language-model head. */
export const gpt2Model: Architectures = {
  names: ['GPT2Model', 'GPT2LMHeadModel'],
  model(config, architecture) {
    const parsed = parseGpt2Config(config);
    return {
      architecture,
      wordTable: 'transformer.wte.weight',
      emit: (context) => emit(context, parsed, architecture),
      canonicalName(name) {
        const bare = name.replace(/^module\./, '');
        return topLevel.test(bare) ? `transformer.${bare}` : bare;
      },
      alternativeName: () => undefined,
      isSpare: (name) => buffers.test(name) || name === 'lm_head.weight',
    };
  },
};

function emit(context: ModuleContext, config: Gpt2Config, architecture: string) {
  const { lastHiddenState } = gpt2Decoder(context, config);
  return architecture === 'GPT2LMHeadModel'
    ? { logits: causalLanguageModelHead(context, config, lastHiddenState) }
    : { last_hidden_state: lastHiddenState };
}
