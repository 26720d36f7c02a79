import type { GraphReader, Neighbourhood } from "@engram/contracts/neighbourhood"
import { findNode } from "@engram/pipeline/find-node"
import { neighbourhood } from "@engram/pipeline/neighbourhood"
import { spokenNames } from "@engram/pipeline/spoken-names"
import type { Platform } from "@engram/platform/platform"
import { sources } from "@engram/sources/registry"
import { aliasesAsked } from "@engram/sources/text/asked-names"
import { createAccountNames } from "@engram/store/account-names"
import { createGraphIndex } from "@engram/store/graph-index"
import { createPeopleDesk, type ShownPerson } from "@engram/store/people"
import { issue, mira } from "./story/cast.ts"

/** Where the story's threads meet: its issue with all that stands around it, and one of its people. */
export interface Surroundings {
  readonly of: string
  readonly neighbourhood: Neighbourhood
  readonly person: ShownPerson
}

/** What `engram graph ENG-142` and `engram people show mira@acme.example` find. */
export async function lookAround({ database, cache }: Platform, workspaceId: string): Promise<Surroundings> {
  const reader: GraphReader = { workspaceId, storeId: "all", scopeIds: "all" }
  const deps = { graph: createGraphIndex(database), cache }
  const root = await findNode(deps)(workspaceId, issue.key, aliasesAsked(issue.key))
  const found = root && (await neighbourhood(deps)(reader, root, { hops: 1, neighboursMax: 20 }))
  if (!found) throw new Error(`nothing goes by ${issue.key}, although everything was processed`)
  return {
    of: issue.key,
    neighbourhood: await spokenNames({ names: createAccountNames(database), sources }).neighbourhood(
      workspaceId,
      found,
    ),
    person: await createPeopleDesk({ database, workspaceId }).show(mira.email),
  }
}
