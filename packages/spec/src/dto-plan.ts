import {
  getMetadataStorage,
  type ValidationArguments,
  ValidationTypes,
  type ValidatorConstraintInterface,
} from 'class-validator';
import type { DtoClass } from './dto.js';
import { isTransformed, nestedClass } from './nested-class.js';

/** What is wrong with one property, in the shape of class-validator's own errors. */
export interface Violation {
  readonly property: string;
  readonly value?: unknown;
  readonly target?: object;
  readonly constraints?: Record<string, string>;
  readonly children?: Violation[];
}

/** What class-validator keeps of one decorator. */
type Rule = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

interface Constraint {
  readonly name: string;
  readonly rule: Rule;
  readonly check: ValidatorConstraintInterface;
}

interface PropertyPlan {
  readonly name: string;
  /** All must hold for the property to be looked at: IsOptional, ValidateIf. */
  readonly conditions: readonly ((target: object, value: unknown) => boolean)[];
  readonly constraints: readonly Constraint[];
  /** Under ValidateNested. */
  readonly nested?: DtoClass;
}

interface Plan {
  readonly properties: readonly PropertyPlan[];
  readonly byName: ReadonlyMap<string, PropertyPlan>;
}

/** Nobody reads more, and each costs a message: a body that is wrong in 50 000 places must not take a second to refuse. */
const maxViolations = 200;

const plans = new WeakMap<DtoClass, Plan | 'unknown'>();

/**
 * Builds and validates in one pass over the decorators' own metadata. The verdicts are those of `plainToInstance`
 * followed by `validateSync`, at a small part of their cost, which is what keeps a large request from holding up the
 * event loop. Values without a class of their own are shared with the input instead of copied.
 *
 * @returns `undefined` for classes with decorators it does not know: Transform, Expose, Exclude, groups, async checks.
 */
export function checkWithPlan<T extends object>(
  Class: DtoClass<T>,
  value: object,
): { readonly instance: T; readonly violations: readonly Violation[] } | undefined {
  if (planOf(Class) === undefined) return undefined;
  const violations: Violation[] = [];
  const instance = new Checker().build(Class, value, violations) as T;
  return { instance, violations };
}

const none: Violation[] = [];

class Checker {
  private left = maxViolations;

  build(Class: DtoClass, value: object, violations: Violation[]): object {
    const { byName, properties } = planOf(Class)!; // planOf(parent) has looked at the nested classes too
    const instance = new Class() as Record<string, unknown>;
    for (const key of Object.keys(value)) {
      if (byName.has(key)) continue;
      if (this.left-- <= 0) return instance;
      const constraints = { [ValidationTypes.WHITELIST]: 'unknown' };
      violations.push({ property: key, value: Reflect.get(value, key), target: instance, constraints });
    }
    const children: Violation[][] = [];
    for (const { name, nested } of properties) {
      const given = Object.hasOwn(value, name);
      if (nested !== undefined) {
        const found: Violation[] = [];
        if (given) instance[name] = this.buildNested(nested, (value as Record<string, unknown>)[name], found);
        children.push(found);
      } else if (given) instance[name] = (value as Record<string, unknown>)[name];
    }
    let next = 0;
    for (const property of properties) {
      this.judge(instance, property, property.nested === undefined ? none : children[next++]!, violations);
    }
    return instance;
  }

  /** An object becomes an instance, an array keeps its shape; what is neither stays, and is a violation. */
  private buildNested(Class: DtoClass, value: unknown, violations: Violation[]): unknown {
    if (Array.isArray(value)) return value.map((element, i) => this.buildElement(Class, element, i, violations));
    return isObject(value) ? this.build(Class, value, violations) : value;
  }

  /** Stricter than class-validator, which looks for objects inside arrays inside arrays too. */
  private buildElement(Class: DtoClass, element: unknown, index: number, violations: Violation[]): unknown {
    if (isObject(element) && !Array.isArray(element)) {
      const children: Violation[] = [];
      const built = this.build(Class, element, children);
      if (children.length > 0) violations.push({ property: String(index), value: built, constraints: {}, children });
      return built;
    }
    const constraints = { [ValidationTypes.NESTED_VALIDATION]: 'not an object' };
    if (this.left-- > 0) violations.push({ property: String(index), value: element, constraints, children: [] });
    return element;
  }

  private judge(target: object, plan: PropertyPlan, children: Violation[], violations: Violation[]): void {
    const value: unknown = Reflect.get(target, plan.name);
    for (const holds of plan.conditions) if (!holds(target, value)) return;
    let constraints: Record<string, string> | undefined;
    for (const constraint of plan.constraints) {
      const { rule, check, name } = constraint;
      if (rule.validateIf?.(target, value) === false) continue;
      const about: ValidationArguments = {
        targetName: target.constructor.name,
        property: plan.name,
        object: target,
        value,
        constraints: rule.constraints,
      };
      const passes =
        rule.each && Array.isArray(value)
          ? value.every((element) => check.validate(element, about))
          : check.validate(value, about);
      if (passes || this.left-- <= 0) continue;
      constraints ??= {};
      constraints[name] = messageOf(constraint, about);
    }
    if (plan.nested !== undefined && value !== undefined && !isObject(value) && this.left-- > 0) {
      constraints = { ...constraints, [ValidationTypes.NESTED_VALIDATION]: 'not an object' };
    }
    if (constraints !== undefined || children.length > 0) {
      violations.push({ property: plan.name, value, target, constraints: constraints ?? {}, children });
    }
  }
}

/** class-validator's own templates: `$property must be at least $constraint1`. */
function messageOf({ rule, check }: Constraint, about: ValidationArguments): string {
  const template = rule.message || check.defaultMessage?.(about) || '';
  let text = typeof template === 'function' ? template(about) : template;
  rule.constraints?.forEach((constraint: unknown, i: number) => {
    const shown = Array.isArray(constraint) ? constraint.join(', ') : String(constraint);
    text = text.replaceAll(`$constraint${i + 1}`, () => shown);
  });
  if (['string', 'boolean', 'number'].includes(typeof about.value))
    text = text.replaceAll('$value', () => String(about.value));
  return text.replaceAll('$property', () => about.property).replaceAll('$target', () => about.targetName);
}

function planOf(Class: DtoClass): Plan | undefined {
  let plan = plans.get(Class);
  if (plan === undefined) {
    plans.set(Class, { properties: [], byName: new Map() }); // a class may hold itself
    plan = makePlan(Class) ?? 'unknown';
    plans.set(Class, plan);
  }
  return plan === 'unknown' ? undefined : plan;
}

function makePlan(Class: DtoClass): Plan | undefined {
  const rules = getMetadataStorage().getTargetValidationMetadatas(Class, '', false, false);
  const byName = new Map<string, PropertyPlan>();
  for (const name of new Set(rules.map(({ propertyName }) => propertyName))) {
    if (isTransformed(Class, name)) return undefined;
    const property = planProperty(
      Class,
      name,
      rules.filter(({ propertyName }) => propertyName === name),
    );
    if (property === undefined) return undefined;
    byName.set(name, property);
  }
  return { properties: [...byName.values()], byName };
}

function planProperty(Class: DtoClass, name: string, rules: readonly Rule[]): PropertyPlan | undefined {
  const conditions: PropertyPlan['conditions'][number][] = [];
  const constraints: Constraint[] = [];
  let nested: DtoClass | undefined;
  for (const rule of rules) {
    if ((rule.groups?.length ?? 0) > 0) return undefined; // undefined unless given, whatever its type says
    if (rule.type === ValidationTypes.CONDITIONAL_VALIDATION) conditions.push(rule.constraints[0]);
    else if (rule.type === ValidationTypes.CUSTOM_VALIDATION) {
      for (const custom of getMetadataStorage().getTargetValidatorConstraints(rule.constraintCls)) {
        if (custom.async) return undefined;
        constraints.push({ name: custom.name, rule, check: custom.instance });
      }
    } else if (rule.type === ValidationTypes.NESTED_VALIDATION) {
      nested = nestedClass(Class, name);
      if (nested === undefined || planOf(nested) === undefined) return undefined;
    } else if (rule.type !== ValidationTypes.WHITELIST) return undefined;
  }
  // A type without ValidateNested is built by class-transformer but not checked; rare enough to be left to it.
  if (nested === undefined && nestedClass(Class, name) !== undefined) return undefined;
  return { name, conditions, constraints, ...(nested !== undefined && { nested }) };
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
