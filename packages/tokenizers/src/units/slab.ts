/** Bytes of the first block, and of the largest: a short request takes little, and a long one few. */
const FIRST_BLOCK = 1024;
const LARGEST_BLOCK = 256 * 1024;
const ALIGNMENT = 8;

/**
 * Zeroed memory for the many small arrays that many short texts need. Each is a view of a larger block, because an array
 * with memory of its own costs the garbage collector more than most work on a short text. A block lives as long as
 * any of its views.
 */
export class Slab {
  private block = new ArrayBuffer(0);
  private used = 0;
  private nextSize = FIRST_BLOCK;

  int32(length: number): Int32Array {
    const at = this.take(4 * length);
    return new Int32Array(this.block, at, length);
  }

  float32(length: number): Float32Array {
    const at = this.take(4 * length);
    return new Float32Array(this.block, at, length);
  }

  uint8(length: number): Uint8Array {
    const at = this.take(length);
    return new Uint8Array(this.block, at, length);
  }

  /** Where so many bytes begin in `block`. */
  private take(bytes: number): number {
    if (this.used + bytes > this.block.byteLength) {
      this.block = new ArrayBuffer(Math.max(bytes, this.nextSize));
      this.used = 0;
      this.nextSize = Math.min(LARGEST_BLOCK, 2 * this.nextSize);
    }
    const at = this.used;
    this.used = Math.ceil((at + bytes) / ALIGNMENT) * ALIGNMENT;
    return at;
  }
}
