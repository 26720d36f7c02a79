import type { Knowledge } from "@engram/contracts/knowledge"
import type { Database } from "./database.ts"
import { writeChunks } from "./knowledge/chunks.ts"
import { writeDocuments } from "./knowledge/documents.ts"
import { writeFetches } from "./knowledge/fetches.ts"
import { writeForgotten } from "./knowledge/forgotten.ts"
import { writeGraph } from "./knowledge/graph.ts"
import { writeObservations } from "./knowledge/observations.ts"
import { writeVectors } from "./knowledge/vectors.ts"

export const createKnowledge = (database: Database): Knowledge => ({
  write: (workspaceId, work) =>
    database.inWorkspacePlanned(workspaceId, (tx) =>
      work({
        ...writeDocuments(tx, workspaceId),
        ...writeChunks(tx, workspaceId),
        ...writeObservations(tx, workspaceId),
        ...writeGraph(tx, workspaceId),
        ...writeForgotten(tx, workspaceId),
        ...writeVectors(tx, workspaceId),
        ...writeFetches(tx, workspaceId),
      }),
    ),
})
