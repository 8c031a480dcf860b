import { capabilityOf } from '@zooid/common';
import type { Endpoint } from '@zooid/kernel';
import { HubTask } from '@zooid/spec';

/** Apps without a {@link HubTask} of their own answer in their task's shapes, or have no task the Hub knows. */
const asItIs: HubTask = { parameters: {}, answer: (output) => output };

/** How the endpoint's app is called as its task. */
export function asTask({ app }: Endpoint): HubTask {
  return capabilityOf(app, HubTask) ?? asItIs;
}

/** Whether the app has the parameters that go with its task, rather than some of its own. */
export function keepsTaskShapes({ app }: Endpoint): boolean {
  return app.name === app.task;
}
