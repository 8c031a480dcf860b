import type { Value } from '@zooid/onnx';
import type { ProgramChain } from '@zooid/runtime';

/** Places for values that pass between the runs of a chain; a place is used again for a value of the same shape. */
export class Slots {
  private readonly slots: { readonly name: string; readonly value: Value }[] = [];
  private readonly taken = new Map<Value, string>();
  private readonly idle = new Map<string, string[]>();

  get all(): ProgramChain['slots'] {
    return this.slots.map(({ name, value }) => ({ name, shape: value.shape }));
  }

  /** The place that holds the value. */
  of(value: Value): string {
    return this.taken.get(value)!;
  }

  take(value: Value): string {
    let name = this.idle.get(value.shape.join())?.pop();
    if (name === undefined) {
      name = `slot:${this.slots.length}`;
      this.slots.push({ name, value });
    }
    this.taken.set(value, name);
    return name;
  }

  /** A value that has no place is passed over. */
  free(value: Value): void {
    const name = this.taken.get(value);
    if (name === undefined) return;
    this.taken.delete(value);
    const key = value.shape.join();
    this.idle.set(key, [...(this.idle.get(key) ?? []), name]);
  }
}
