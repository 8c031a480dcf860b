import { Counter, Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { CounterTally, HistogramTally } from './tally.js';

it('prints what prom-client prints of the same values', async () => {
  const ours = new Registry();
  const theirs = new Registry();
  const buckets = [0.1, 1, 10];
  const counter = new CounterTally('requests_total', 'Help "quoted" \\.', ours);
  const histogram = new HistogramTally('seconds', 'Help.', ours, buckets);
  const registers = [theirs];
  const names = { labelNames: ['app'], registers };
  const theirCounter = new Counter({ name: 'requests_total', help: 'Help "quoted" \\.', ...names });
  const theirHistogram = new Histogram({ name: 'seconds', help: 'Help.', buckets, ...names });
  for (const app of ['a', 'b "c"\n']) {
    const counted = counter.series({ app });
    const observed = histogram.series({ app });
    for (const value of [0.05, 0.1, 0.11, 1, 9.5, 10, 11, 1000]) {
      counted.count++;
      observed.observe(value);
      theirCounter.inc({ app });
      theirHistogram.observe({ app }, value);
    }
  }
  const sorted = (text: string) =>
    text.split('\n').map((line) => line.replace(/\{(.*)\}/, (_, labels: string) => labels.split(',').sort().join()));
  expect(sorted(await ours.metrics())).toEqual(sorted(await theirs.metrics()));
  expect((await ours.metrics()).length).toBeGreaterThan(200);
});
