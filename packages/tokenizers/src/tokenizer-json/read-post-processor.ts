import type { JsonReader } from '../json-reader.js';
import {
  bertProcessor,
  byteLevelProcessor,
  type PostProcessor,
  robertaProcessor,
  sequenceProcessor,
  templateProcessor,
} from '../post-processor.js';
import type { TemplatePart } from '../template.js';
import { checkNesting } from './nesting.js';
import { readByteLevel } from './read-decoder.js';

/** Reads the `post_processor` of a `tokenizer.json`. */
export function readPostProcessor(reader: JsonReader, vocab: readonly string[]): PostProcessor {
  return reader.byType<PostProcessor>({
    TemplateProcessing: (processor) => readTemplate(processor, vocab),
    BertProcessing: (processor) => bertProcessor(readToken(processor, 'cls'), readToken(processor, 'sep')),
    RobertaProcessing: (processor) =>
      robertaProcessor(readToken(processor, 'cls'), readToken(processor, 'sep'), {
        trimsOffsets: processor.get('trim_offsets').boolean(true),
        addPrefixSpace: processor.get('add_prefix_space').boolean(true),
      }),
    ByteLevel: (processor) => byteLevelProcessor(readByteLevel(processor)),
    Sequence: (processor) => {
      checkNesting(processor);
      return sequenceProcessor(
        processor
          .get('processors')
          .items()
          .map((item) => readPostProcessor(item, vocab)),
      );
    },
  });
}

/** The token of a `[token, id]` pair. */
function readToken(processor: JsonReader, key: string): string {
  const pair = processor.get(key);
  return (pair.items()[0] ?? pair.fail('a [token, id] pair')).string();
}

function readTemplate(processor: JsonReader, vocab: readonly string[]): PostProcessor {
  const tokens = processor.get('special_tokens');
  const readParts = (parts: JsonReader): TemplatePart[] =>
    parts.items().flatMap((item): TemplatePart[] => {
      const sequence = item.get('Sequence');
      if (!sequence.isAbsent) {
        return [{ sequence: sequence.get('id').choice(['A', 'B']), typeId: readTypeId(sequence) }];
      }
      const special = item.get('SpecialToken');
      const typeId = readTypeId(special);
      const ids = tokens.get(special.get('id').string()).get('ids');
      return ids.items().map((id) => ({ token: vocab[id.count()] ?? id.fail('the id of a token'), typeId }));
    });
  const template = { single: readParts(processor.get('single')), pair: readParts(processor.get('pair')) };
  const uses = (parts: readonly TemplatePart[]) =>
    parts.flatMap((part) => ('sequence' in part ? [part.sequence] : [])).join(' ');
  if (uses(template.single) !== 'A') processor.get('single').fail('a template with sequence A once');
  if (uses(template.pair) !== 'A B') processor.get('pair').fail('a template with sequence A and then B');
  return templateProcessor(template);
}

function readTypeId(part: JsonReader): number {
  const typeId = part.get('type_id').count(0);
  return typeId <= 255 ? typeId : part.get('type_id').fail('at most 255');
}
