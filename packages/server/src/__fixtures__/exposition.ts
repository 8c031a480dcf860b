/** One sample of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const helpLine = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/;
const typeLine = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/;
const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const labelPair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/;

/**
 * Prometheus' text format 0.0.4, strictly: HELP and TYPE once and before the samples of their family, families not
 * interleaved, no sample twice, histograms cumulative, with a +Inf bucket that equals their count.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parseExposition(text: string): Sample[] {
  if (!text.endsWith('\n')) throw new Error('the last line must end with a line feed');
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  const closed = new Set<string>();
  const seen = new Set<string>();
  let family = '';
  const enter = (name: string) => {
    if (name === family) return;
    if (closed.has(name)) throw new Error(`${name} comes back after another family`);
    closed.add(family);
    family = name;
  };
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, helped] = helpLine.exec(line) ?? [];
    if (helped !== undefined) {
      enter(helped);
      continue;
    }
    const [, typed = '', type] = typeLine.exec(line) ?? [];
    if (type !== undefined) {
      enter(typed);
      if (types.has(typed)) throw new Error(`${typed} has two types`);
      types.set(typed, type);
      continue;
    }
    const [, name = '', labelText = '', number = ''] = sampleLine.exec(line) ?? [];
    if (name === '') throw new Error(`not a line of the format: ${line}`);
    const base = name.replace(/_(bucket|sum|count)$/, '');
    const owner = types.get(base) === 'histogram' ? base : name;
    if (owner !== family || !types.has(owner)) throw new Error(`${name} lies outside its family`);
    const labels = parseLabels(labelText);
    const identity = `${name}${JSON.stringify(Object.entries(labels).sort())}`;
    if (seen.has(identity)) throw new Error(`${identity} occurs twice`);
    seen.add(identity);
    const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number);
    if (Number.isNaN(value)) throw new Error(`${name} is ${number}`);
    samples.push({ name, labels, value });
  }
  for (const [name, type] of types) if (type === 'histogram') checkHistogram(name, samples);
  return samples;
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== ''; ) {
    const [whole, name = '', value = ''] = labelPair.exec(rest) ?? [];
    if (whole === undefined || name in labels) throw new Error(`bad labels: ${text}`);
    labels[name] = value;
    rest = rest.slice(whole.length);
  }
  return labels;
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples.filter((sample) => sample.name === `${name}_bucket`)) {
    const { le: _, ...rest } = sample.labels;
    const group = JSON.stringify(Object.entries(rest).sort());
    groups.set(group, [...(groups.get(group) ?? []), sample]);
  }
  for (const [group, buckets] of groups) {
    const counts = buckets.map(({ value }) => value);
    if (counts.some((count, i) => i > 0 && count < counts[i - 1]!))
      throw new Error(`${name}${group} is not cumulative`);
    const last = buckets.at(-1)!;
    const total = samples.find(
      (sample) => sample.name === `${name}_count` && JSON.stringify(Object.entries(sample.labels).sort()) === group,
    );
    if (last.labels.le !== '+Inf' || last.value !== total?.value) throw new Error(`${name}${group} lacks its total`);
  }
}
