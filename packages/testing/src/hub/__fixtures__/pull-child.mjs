// A process of its own that pulls a model and tells what happens, one JSON line each.
import { HubClient, hubSettings, parseHubReference } from '@zooid/hub';

const [reference] = process.argv.slice(2);
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const client = new HubClient(hubSettings(process.env), { retry: { firstDelayMs: 5, maxDelayMs: 20 } });
const { commit, fetchedBytes } = await client.pull(parseHubReference(reference), { progress: say });
say({ type: 'done', commit, fetchedBytes });
