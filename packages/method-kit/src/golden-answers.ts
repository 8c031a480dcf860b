import type { GoldenCase } from '@zooid/hub';
import { type App, type Model, validateDto } from '@zooid/spec';

/** Answers of the app, opened on an exported model, to items that become its golden examples. */
export async function goldenAnswers(
  app: App,
  model: Model,
  items: readonly unknown[],
): Promise<readonly Pick<GoldenCase, 'input' | 'output'>[]> {
  if (items.length === 0) return [];
  await using instance = await app.open(model, {});
  const parameters = validateDto(app.parameters, {}, 'default parameters');
  const inputs = items.map((item) => validateDto(app.item, item, 'golden item'));
  const outputs = await instance.run(inputs as never, parameters);
  return items.map((input, i) => ({ input, output: outputs[i] }));
}
