import { type Issue, ValidationError } from '@zooid/common';
import type { DeclaredParameter } from '../module-context.js';

/** A low-rank update of one matrix: `W + scale · up · down`. */
export interface LoraUpdate {
  /** The matrix it updates, by our modules' name. */
  readonly parameter: string;
  /** The adapter's name of A, `[rank, in]`. */
  readonly down: string;
  /** The adapter's name of B, `[out, rank]`. */
  readonly up: string;
  readonly rank: number;
}

export interface LoraAdapter {
  readonly updates: readonly LoraUpdate[];
  /** Parameters that the adapter holds whole, such as a classifier trained with it: ours → the adapter's name. */
  readonly whole: ReadonlyMap<string, string>;
  /** Tensors of the adapter that were left out because they are optional. */
  readonly unused: readonly string[];
}

export interface LoraNamesOptions {
  /** The base model's names; an encoder family has this function. */
  readonly canonicalName: (name: string) => string;
  /** The base model's parameters: every tensor of the adapter must fit one. */
  readonly declared: readonly DeclaredParameter[];
  /** The matrices it updates are stored `[in, out]`, as GPT-2's are; default false. */
  readonly fanInFanOut?: boolean;
  /** Whole parameters that are left out where the base model has no place for them: the head of another task. Default: none. */
  readonly optional?: (parameter: string) => boolean;
}

type Shapes = ReadonlyMap<string, { readonly dims: readonly number[] }>;

/** PEFT wraps the model, and names each adapter in memory (`lora_A.default.weight`), though not in its files. */
const wrapper = /^base_model\.model\./;
const lowRank = /^(.+)\.lora_([AB])(?:(?:\.[^.]+)?\.weight)?$/;
const otherLora = /(^|\.)lora_/;
const savedModule = /\.modules_to_save\.[^.]+(?=\.)/;

/**
 * Finds the base parameter of every tensor of a LoRA adapter, in either layout that adapters are published in:
 * Microsoft's loralib (`….query.lora_A`) and Hugging Face's PEFT (`base_model.model.….query.lora_A.weight`).
 *
 * @throws ValidationError naming every tensor that has no counterpart, no place in the base model, another shape, or that
 *   belongs to a method other than plain LoRA (DoRA, AdaLoRA, embeddings).
 * @see Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", §4.1 (our `down` is A, `up` is B)
 */
export function loraNames(
  tensors: Shapes,
  { canonicalName, declared, fanInFanOut = false, optional = () => false }: LoraNamesOptions,
): LoraAdapter {
  const shapes = new Map(declared.map(({ name, shape }) => [name, shape]));
  const issues: Issue[] = [];
  const complain = (name: string, problem: string) => issues.push({ path: '', message: `'${name}' ${problem}` });

  const halves = new Map<string, { A?: string; B?: string }>();
  const whole = new Map<string, string>();
  const unused: string[] = [];
  for (const [name, { dims }] of tensors) {
    const bare = name.replace(wrapper, '');
    const [, module, half] = lowRank.exec(bare) ?? [];
    if (module !== undefined) {
      const parameter = canonicalName(`${module.replace(/\.base_layer$/, '')}.weight`);
      halves.set(parameter, { ...halves.get(parameter), [half as 'A' | 'B']: name });
    } else if (otherLora.test(bare)) {
      complain(name, 'is not of plain LoRA; merge the adapter where it was made');
    } else if (!bare.includes('.original_module.')) {
      const parameter = canonicalName(bare.replace(savedModule, '').replace('.base_layer.', '.'));
      const shape = shapes.get(parameter);
      if (shape?.join() === dims.join()) whole.set(parameter, name);
      else if (optional(parameter)) unused.push(name);
      else if (shape === undefined) complain(name, 'has no place in the base model');
      else complain(name, `has shape ${show(dims)}, the base model needs ${show(shape)}`);
    }
  }

  const updates: LoraUpdate[] = [];
  for (const [parameter, { A: down, B: up }] of halves) {
    if (down === undefined || up === undefined) {
      complain((down ?? up)!, `has no counterpart lora_${down === undefined ? 'A' : 'B'}`);
      continue;
    }
    const [rank, width] = tensors.get(down)!.dims;
    const [out, columns] = tensors.get(up)!.dims;
    const shape = shapes.get(parameter);
    const product = fanInFanOut ? [width, out] : [out, width];
    if (rank === undefined || rank !== columns || width === undefined || out === undefined) {
      complain(down, `${show(tensors.get(down)!.dims)} and '${up}' ${show(tensors.get(up)!.dims)} have no common rank`);
    } else if (shape === undefined) {
      complain(down, `updates '${parameter}', which the base model lacks`);
    } else if (shape.join() !== product.join()) {
      complain(down, `makes an update ${show(product)} of '${parameter}', which is ${show(shape)}`);
    } else {
      updates.push({ parameter, down, up, rank });
    }
  }
  if (updates.length === 0 && issues.length === 0) issues.push({ path: '', message: 'holds no low-rank update' });
  if (issues.length > 0) throw new ValidationError('LoRA adapter', issues);
  return { updates, whole, unused };
}

const show = (dims: readonly unknown[]): string => `[${dims.join(', ')}]`;
