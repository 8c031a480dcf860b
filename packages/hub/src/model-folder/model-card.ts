/** One section of a card, in as many languages as it is given in. */
export interface CardSection {
  readonly heading: string;
  /** Markdown. */
  readonly body: string;
}

/** What a model card says. The front matter's keys are those the Hugging Face Hub understands. */
export interface ModelCardFields {
  readonly title: string;
  /** SPDX id. */
  readonly license?: string;
  /** ISO 639 codes. */
  readonly languages?: readonly string[];
  readonly tags?: readonly string[];
  /** Data set ids. */
  readonly datasets?: readonly string[];
  /** Metric names: `accuracy`. */
  readonly metrics?: readonly string[];
  /** Hub task id: `text-classification`. */
  readonly pipelineTag?: string;
  readonly baseModel?: string;
  readonly sections: readonly CardSection[];
}

/**
 * A model card: YAML front matter for the Hub, then the sections as given. Cards of shipped models carry each section
 * in English and in Chinese; the order is the caller's.
 */
export function modelCard(fields: ModelCardFields): string {
  const matter: [string, string | readonly string[] | undefined][] = [
    ['license', fields.license],
    ['language', fields.languages],
    ['library_name', 'zooid'],
    ['pipeline_tag', fields.pipelineTag],
    ['base_model', fields.baseModel],
    ['tags', fields.tags],
    ['datasets', fields.datasets],
    ['metrics', fields.metrics],
  ];
  const sections = fields.sections.map(({ heading, body }) => `## ${heading}\n\n${body.trim()}\n`);
  return `---\n${matter.map(frontMatterEntry).join('')}---\n\n# ${fields.title}\n\n${sections.join('\n')}`;
}

/**
 * A card with one section renewed: in the place where it was, or else before the data, or at the end. The rest stays as
 * people have edited it.
 */
export function withCardSection(card: string, { heading, body }: CardSection): string {
  const lines = card.split('\n');
  const headings = headingLines(lines);
  const at = headings.find((i) => lines[i] === `## ${heading}`);
  const before = at ?? headings.find((i) => lines[i] === '## Data') ?? lines.length;
  const after = at === undefined ? before : (headings.find((i) => i > at) ?? lines.length);
  const parts = [
    lines.slice(0, before).join('\n').trimEnd(),
    `## ${heading}\n\n${body.trim()}`,
    lines.slice(after).join('\n').trim(),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

/** Where sections begin; what looks like it inside a code block is none. */
function headingLines(lines: readonly string[]): number[] {
  const found: number[] = [];
  let isCode = false;
  for (const [i, line] of lines.entries()) {
    if (line.startsWith('```')) isCode = !isCode;
    else if (line.startsWith('## ') && !isCode) found.push(i);
  }
  return found;
}

function frontMatterEntry([key, value]: [string, string | readonly string[] | undefined]): string {
  if (value === undefined || value.length === 0) return '';
  if (typeof value === 'string') return `${key}: ${yamlString(value)}\n`;
  return `${key}:\n${value.map((item) => `  - ${yamlString(item)}\n`).join('')}`;
}

/** Plain where YAML cannot mistake it for something else (`no` is a language and a boolean), else quoted as JSON, which YAML reads. */
function yamlString(text: string): string {
  const plain = /^[A-Za-z][\w./-]*$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}
