import { secretKeyOf } from "@engram/config/secret-key"
import { chunkLimits } from "@engram/core/chunk/chunk"
import type { ForgetDeps } from "@engram/pipeline/forget/forget-deps"
import type { verify } from "@engram/pipeline/forget/verify"
import { openPlatform } from "@engram/platform/platform"
import { sources } from "@engram/sources/registry"
import { createForgetLedger } from "@engram/store/forget/forget-ledger"
import { createKeyedHash } from "@engram/store/keyed-hash"
import { createKnowledge } from "@engram/store/knowledge"
import { createWorkspaceAdmin } from "@engram/store/workspace-settings"
import type { Parts } from "./open.ts"

export type ForgetParts = ForgetDeps &
  Parameters<typeof verify>[0] & { readonly admin: ReturnType<typeof createWorkspaceAdmin> }

/** What it takes to take something out of every store. */
export async function openForgetParts(parts: Parts): Promise<ForgetParts> {
  const platform = await openPlatform(parts.config, { ...parts, name: "forget" })
  const { database } = platform
  return {
    ...platform,
    log: parts.log,
    ledger: createForgetLedger(database),
    knowledge: createKnowledge(database),
    admin: createWorkspaceAdmin({ database }),
    hash: createKeyedHash(await secretKeyOf(parts.config), "suppressions"),
    sources,
    chunkLimits,
    now: () => Date.now(),
  }
}
