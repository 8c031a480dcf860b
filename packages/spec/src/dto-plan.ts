import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import {
  getMetadataStorage,
  type ValidationArguments,
  ValidationTypes,
  type ValidatorConstraintInterface,
} from 'class-validator';
import type { DtoClass } from './dto.js';
import { nestedClass } from './nested-class.js';

/** What is wrong with one property, in the shape of class-validator's own errors. */
export interface Violation {
  readonly property: string;
  readonly value: unknown;
  readonly target: object;
  readonly constraints: Record<string, string>;
  readonly children: Violation[];
}

/** A value built into a class, and everything that is wrong with it. */
export interface PlanResult<T extends object> {
  readonly instance: T;
  readonly violations: readonly Violation[];
}

type Constraint = { readonly name: string; readonly rule: Rule; readonly check: ValidatorConstraintInterface };
type Rule = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

/** What is known about one property once its decorators have run. */
interface PropertyPlan {
  readonly name: string;
  /** All must hold for the property to be looked at: IsOptional, ValidateIf. */
  readonly conditions: readonly ((target: object, value: unknown) => boolean)[];
  readonly constraints: readonly Constraint[];
  /** Under ValidateNested. */
  readonly nested?: DtoClass;
}

/** A body that is wrong in a thousand places is not worth a thousand messages. */
const maxViolations = 200;

/**
 * Builds and validates in one pass over the decorators' own metadata: the same verdicts as `plainToInstance` followed
 * by `validateSync`, at about a thirtieth of their cost (measured on 40 000 lexicon entries: 25 ms against 760 ms),
 * which is what keeps a large request from holding up the event loop. Objects without a class of their own are
 * shared with the input instead of copied.
 */
export class DtoPlan<T extends object> {
  private readonly properties: ReadonlyMap<string, PropertyPlan>;

  private constructor(
    private readonly Class: DtoClass<T>,
    properties: readonly PropertyPlan[],
  ) {
    this.properties = new Map(properties.map((property) => [property.name, property]));
  }

  private static readonly plans = new WeakMap<DtoClass, DtoPlan<object> | null>();

  /** `undefined` for classes with decorators it does not know (`Transform`, `Expose`, groups, async checks, …). */
  static of<T extends object>(Class: DtoClass<T>): DtoPlan<T> | undefined {
    let plan = DtoPlan.plans.get(Class);
    if (plan === undefined) {
      plan = hasTransforms(Class) ? null : DtoPlan.make(Class);
      DtoPlan.plans.set(Class, plan);
    }
    return (plan as DtoPlan<T> | null) ?? undefined;
  }

  check(value: object): PlanResult<T> {
    return this.build(value, { left: maxViolations });
  }

  private static make(Class: DtoClass): DtoPlan<object> | null {
    const rules = getMetadataStorage().getTargetValidationMetadatas(Class, '', false, false);
    const properties = [...new Set(rules.map(({ propertyName }) => propertyName))].map((name) =>
      planProperty(Class, name, rules.filter(({ propertyName }) => propertyName === name)),
    );
    return properties.includes(undefined) ? null : new DtoPlan(Class, properties as PropertyPlan[]);
  }
}
