import { z } from "zod"

/** Ids carry their kind, so a chunk id can never be passed where a document id is meant. */
const id = <Prefix extends string>(prefix: Prefix) => z.templateLiteral([prefix, "_", z.string().min(1)])

export const DeliveryId = id("dlv")
export type DeliveryId = z.infer<typeof DeliveryId>
export const DocumentId = id("doc")
export type DocumentId = z.infer<typeof DocumentId>
export const ChunkId = id("chk")
export type ChunkId = z.infer<typeof ChunkId>
export const ObservationId = id("obs")
export type ObservationId = z.infer<typeof ObservationId>
export const EntityId = id("ent")
export type EntityId = z.infer<typeof EntityId>
export const AliasId = id("als")
export type AliasId = z.infer<typeof AliasId>
export const RelationshipId = id("rel")
export type RelationshipId = z.infer<typeof RelationshipId>
export const ScopeId = id("scp")
export type ScopeId = z.infer<typeof ScopeId>
export const StoreId = id("sto")
export type StoreId = z.infer<typeof StoreId>
export const ConnectionId = id("con")
export type ConnectionId = z.infer<typeof ConnectionId>
export const ApiKeyId = id("key")
export type ApiKeyId = z.infer<typeof ApiKeyId>
export const EmbeddingVersionId = id("emb")
export type EmbeddingVersionId = z.infer<typeof EmbeddingVersionId>
export const SummaryId = id("sum")
export type SummaryId = z.infer<typeof SummaryId>
export const ProfileId = id("prf")
export type ProfileId = z.infer<typeof ProfileId>
export const RunId = id("run")
export type RunId = z.infer<typeof RunId>

export const EvalQueryId = id("evq")
export type EvalQueryId = z.infer<typeof EvalQueryId>
export const EvalRunId = id("evr")
export type EvalRunId = z.infer<typeof EvalRunId>

/** Lowercase letters, digits and hyphens, 1 to 40 characters, not beginning with a hyphen. */
const name = () =>
  z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]{0,39}$/,
      "must be 1 to 40 lowercase letters, digits or hyphens, and not begin with a hyphen",
    )

/** A workspace is named by its operator. */
export const WorkspaceId = name()
export type WorkspaceId = z.infer<typeof WorkspaceId>

/** A store is named within its workspace. */
export const StoreName = name()
