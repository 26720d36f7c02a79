import type { EmbeddingModel } from "@engram/contracts/ports"

/** What stands for the model of vectors that callers bring, of which only the dimension is known. */
export const callersModel = (dimension: number): EmbeddingModel => ({ provider: "caller", model: "", dimension })
