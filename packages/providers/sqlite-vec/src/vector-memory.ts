import { readFileSync } from "node:fs"

/** A block holds vectors of one group: small enough that a last one, half empty, wastes little, large enough to compare at once. */
export const blockBytes = 32 * 1024
/** Of a vector in memory, in bytes: what is compared at a time. */
const step = 64

/** How many bytes a vector takes: its numbers, and what is left of the last step. */
export const bytesOfVector = (dimension: number): number =>
  Math.ceil((dimension * Float32Array.BYTES_PER_ELEMENT) / step) * step

/** What is used of it; TypeScript knows it only together with all of a browser. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}
interface Dots {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  dots(row: number, count: number, bytes: number, query: number, out: number): void
}

/** Memory in blocks, in which vectors are compared where they lie, several numbers at a time. */
export function createVectorMemory() {
  const module = new WebAssembly.Module(readFileSync(new URL("./dots.wasm", import.meta.url)))
  const { memory, dots } = new WebAssembly.Instance(module).exports as Dots
  const free: number[] = []
  // The first two blocks are for the vector that is asked about and for what comes out.
  const [query, out] = [0, blockBytes]
  let made = 2

  const block = (): number => {
    const used = free.pop()
    if (used !== undefined) return used
    const at = made++ * blockBytes
    if (memory.buffer.byteLength < at + blockBytes) memory.grow(256)
    return at
  }

  return {
    /** What follows it up to the next vector does not count: `ask` puts zeros beside it. */
    write: (at: number, vector: Uint8Array): void => new Uint8Array(memory.buffer).set(vector, at),

    take: (count: number): number[] => Array.from({ length: count }, block),
    give: (blocks: readonly number[]): void => void free.push(...blocks),

    /** What `compare` gives from now on is the product with this vector. */
    ask: (values: Float32Array): void => {
      new Uint8Array(memory.buffer, query, blockBytes).fill(0)
      new Float32Array(memory.buffer, query).set(values)
    },

    /** The products of `count` vectors, which lie in these blocks, as many in each as it holds. */
    compare: (blocks: readonly number[], count: number, vectorBytes: number): Float32Array => {
      const products = new Float32Array(count)
      const perBlock = Math.floor(blockBytes / vectorBytes)
      for (let from = 0, i = 0; from < count; from += perBlock, i++) {
        const here = Math.min(perBlock, count - from)
        dots(blocks[i]!, here, vectorBytes, query, out)
        products.set(new Float32Array(memory.buffer, out, here), from)
      }
      return products
    },
  }
}
