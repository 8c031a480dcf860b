import { type Issue, ValidationError } from '@zooid/common';
import {
  checkDto,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Min,
  pointer,
  Type,
  UnknownNameError,
  ValidateNested,
} from '@zooid/spec';
import { readYaml } from '../config/yaml-file.js';
import { converterNames } from './converters.js';

const sha256Pattern = /^[0-9a-f]{64}$/;

/** Size and digest of some content. */
export class ContentSection {
  @IsInt()
  @Min(0)
  bytes!: number;

  @Matches(sha256Pattern, { message: 'must be a sha256 in 64 lower-case hex digits' })
  sha256!: string;
}

/** Where the data was first published. */
export class SourceSection {
  @IsString()
  url!: string;

  @IsOptional()
  @IsString()
  commit?: string;

  /** Folder or file inside the repository. */
  @IsOptional()
  @IsString()
  path?: string;
}

/** One file of a data set as it is kept on disk. */
export class DatasetFileSection extends ContentSection {
  /** File name inside the data set's folder; `.gz` when packed. */
  @IsString()
  path!: string;

  /** The content without gzip. Needed for packed files, and what a conversion must produce. */
  @IsOptional()
  @ValidateNested()
  @Type(() => ContentSection)
  unpacked?: ContentSection;

  /** Where it differs from the data set's. */
  @IsOptional()
  @IsString()
  license?: string;

  /** Where it differs from the data set's. */
  @IsOptional()
  @ValidateNested()
  @Type(() => SourceSection)
  source?: SourceSection;
}

/** One original file on the network. */
export class DownloadFileSection extends ContentSection {
  @Matches(/^https:\/\//, { message: 'must be an https URL' })
  url!: string;
}

export class DownloadSection {
  @IsIn(converterNames)
  converter!: string;

  /** Converter input name → original file. */
  @IsObject()
  files!: Record<string, DownloadFileSection>;

  /** For `csv`: field of the record → column of the file. */
  @IsOptional()
  @IsObject()
  columns?: Record<string, string>;
}

/** One data set of the registry file. */
export class DatasetSection {
  @IsString()
  title!: string;

  @IsString()
  language!: string;

  /** SPDX id where there is one. */
  @IsString()
  license!: string;

  /** Whether the data, and models trained on it, may be passed on. */
  @IsBoolean()
  redistributable!: boolean;

  @ValidateNested()
  @Type(() => SourceSection)
  source!: SourceSection;

  /** Split or resource name → file. */
  @IsObject()
  files!: Record<string, DatasetFileSection>;

  /** How to make the files from the original source; absent when only people can. */
  @IsOptional()
  @ValidateNested()
  @Type(() => DownloadSection)
  download?: DownloadSection;
}

/** Name of the file without gzip; also what a conversion writes. */
export function unpackedPath(file: DatasetFileSection): string {
  return file.unpacked === undefined ? file.path : file.path.replace(/\.gz$/, '');
}

/** Data sets by id. */
export interface DatasetRegistry {
  readonly names: readonly string[];
  has(id: string): boolean;
  /** @throws UnknownNameError with the known ids and the nearest one. */
  get(id: string): DatasetSection;
}

export function createDatasetRegistry(entries: ReadonlyMap<string, DatasetSection>): DatasetRegistry {
  const names = [...entries.keys()];
  return {
    names,
    has: (id) => entries.has(id),
    get(id) {
      const entry = entries.get(id);
      if (entry === undefined) throw new UnknownNameError('dataset', id, names);
      return entry;
    },
  };
}

/** @throws ValidationError with pointer and line for everything wrong in the file. */
export async function readDatasetRegistry(file: string): Promise<DatasetRegistry> {
  const yaml = await readYaml(file);
  if (typeof yaml.content !== 'object' || yaml.content === null || Array.isArray(yaml.content)) {
    throw new ValidationError(file, [{ path: '', message: 'must map data set ids to their descriptions' }]);
  }
  const issues: Issue[] = [];
  const entries = new Map<string, DatasetSection>();
  for (const [id, value] of Object.entries(yaml.content)) {
    const at = pointer('', id);
    const { instance, issues: own } = checkDto(DatasetSection, value, at);
    issues.push(...own);
    if (instance === undefined || own.length > 0) continue;
    // class-validator does not look into the values of a record.
    checkRecord(instance.files, DatasetFileSection, pointer(at, 'files'), issues);
    if (instance.download !== undefined) {
      checkRecord(instance.download.files, DownloadFileSection, pointer(pointer(at, 'download'), 'files'), issues);
    }
    entries.set(id, instance);
  }
  if (issues.length > 0) yaml.refuse(issues);
  return createDatasetRegistry(entries);
}

/** Replaces each plain value by a checked instance. */
function checkRecord<T extends object>(
  record: Record<string, T>,
  Class: new () => T,
  at: string,
  issues: Issue[],
): void {
  for (const [key, value] of Object.entries(record)) {
    const checked = checkDto(Class, value, pointer(at, key));
    issues.push(...checked.issues);
    if (checked.instance !== undefined) record[key] = checked.instance;
  }
}
