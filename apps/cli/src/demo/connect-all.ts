import type { ConnectionAdmin } from "@engram/store/connection-admin"
import type { Door } from "./post-payloads.ts"
import type { DemoSource } from "./webhook.ts"

/**
 * A connection for each source, all into one store, and its door. The secrets are made here, also those that Linear, Slack and
 * Notion would have made: who sends and who checks is one process.
 */
export async function connectAll(
  admin: ConnectionAdmin,
  place: { readonly workspaceId: string; readonly storeName: string },
  ingestUrl: string,
) {
  const connect = (source: DemoSource) => admin.create({ ...place, source })
  const doorOf = ({ source, id, secrets }: Awaited<ReturnType<typeof connect>>): Door => ({
    url: `${ingestUrl}/v1/webhooks/${source}/${id}`,
    secret: secrets[0]!,
  })
  const github = await connect("github")
  const doors: { readonly [source in DemoSource]: Door } = {
    github: doorOf(github),
    linear: doorOf(await connect("linear")),
    slack: doorOf(await connect("slack")),
    notion: doorOf(await connect("notion")),
  }
  return { doors, place: { workspaceId: github.workspaceId, storeId: github.storeId } }
}
