import { type Capability, defineCapability } from '@zooid/common';

/**
 * How an app that has parameters or answers of its own is called as its task on the Hub, so that hosts can serve it in
 * dialects that only know the task. An app named like its task keeps the task's shapes and needs none.
 */
export interface HubTask<Output = unknown> {
  /** Names of the task's parameters that the app calls otherwise: `{ top_k: 'topK' }`. The others keep their names. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The task's answer to one item, made from the app's. */
  answer(output: Output): unknown;
}
export const HubTask: Capability<HubTask> = defineCapability('@zooid/spec/HubTask');
