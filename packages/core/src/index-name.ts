import { hash } from "node:crypto"

const LENGTH_MAX = 45
const HASH_LENGTH = 20
const PREFIX = "engram"

/**
 * The vector index of one store at one dimension. Legal for every vector service we use (Pinecone: lowercase letters,
 * digits and hyphens, at most 45 characters, a letter or digit at both ends). A readable beginning for a person, then
 * 80 bits of a hash, so that no two stores share an index.
 */
export function indexName({
  workspaceId,
  storeId,
  dimension,
}: {
  workspaceId: string
  storeId: string
  dimension: number
}): string {
  const digest = hash("sha256", JSON.stringify([workspaceId, storeId, dimension]))
  const readable = [PREFIX, workspaceId, storeId]
    .join("-")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
  const beginning = readable.slice(0, LENGTH_MAX - HASH_LENGTH - 1).replace(/-+$/, "")
  return `${beginning}-${digest.slice(0, HASH_LENGTH)}`
}
