import { createNotionHydrator } from "@engram/notion/notion-hydrator"
import { type NotionServer, type NotionServerOptions, startNotionServer } from "@engram/testkit/notion-server"
import { notionId } from "@engram/testkit/notion-workspace"
import { onTestFinished } from "vitest"
import { createWorkbench, type Payload, type Workbench, type WorkbenchOptions } from "./workbench.ts"

/** A workbench whose Notion is a strict local server, at a pace that tests can wait for. It is closed after the test. */
export interface NotionBench extends Workbench {
  readonly notion: NotionServer
}

export async function notionBench(
  options: WorkbenchOptions & { readonly server?: NotionServerOptions } = {},
): Promise<NotionBench> {
  const notion = await startNotionServer({ requestsPerSecond: 10_000, ...options.server })
  onTestFinished(notion.close)
  const { requestsPerSecond = 10_000 } = options.server ?? {}
  const hydrator = createNotionHydrator({ baseUrl: notion.url, timeoutMs: 2_000, requestsPerSecond, retryBaseMs: 1 })
  const bench = await createWorkbench({
    hydrators: { notion: hydrator },
    credentials: { token: notion.token },
    ...options,
  })
  onTestFinished(bench.close)
  return { ...bench, notion }
}

let events = 0
const epoch = Date.now()

/** An event as Notion words it, about something that happened so many seconds after these tests began. */
export function event(
  type: string,
  id: string,
  second: number,
  more: { readonly data?: object; readonly entity?: string } = {},
): Payload {
  const payload = {
    id: notionId(0xe000 + events++),
    timestamp: new Date(epoch + second * 1_000).toISOString(),
    workspace_id: notionId(0xa),
    workspace_name: "Acme",
    subscription_id: notionId(0xb),
    integration_id: notionId(0xc),
    authors: [{ id: notionId(1), type: "person" }],
    attempt_number: 1,
    api_version: "2025-09-03",
    type,
    entity: { id, type: more.entity ?? type.split(".")[0] },
    data: { parent: { id: notionId(0xa), type: "space" }, ...more.data },
  }
  return { key: payload.id, event: type, source: "notion", payload }
}
