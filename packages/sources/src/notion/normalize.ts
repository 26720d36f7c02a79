import type { Normalized } from "@engram/contracts/draft"
import { Rejected } from "@engram/contracts/errors"
import type { StoredRequest } from "@engram/contracts/source"
import { z } from "zod"
import { read } from "../text/read.ts"
import { shorten } from "../text/shorten.ts"
import { decodeUtf8, parseJson } from "../text/well-formed.ts"
import { readCommentDeleted, readDeleted, wantComment, wantRows, wantThing } from "./events.ts"
import { readFetched } from "./fetched.ts"
import { Event, Fetched } from "./schemas.ts"

type Rule = { readonly reads: (event: Event) => Normalized } | { readonly skips: string }

const reads = (handler: (event: Event) => Normalized): Rule => ({ reads: handler })
const skips = (reason: string): Rule => ({ skips: reason })

/** Every event of Notion that Engram knows by name: who reads it, or why nobody does. The only place that names events. */
export const rules: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    "page.created": reads(wantThing),
    "page.content_updated": reads(wantThing),
    "page.properties_updated": reads(wantThing),
    "page.moved": reads(wantThing),
    "page.undeleted": reads(wantThing),
    "page.locked": reads(wantThing),
    "page.unlocked": reads(wantThing),
    "page.deleted": reads(readDeleted),
    // None of Notion's: what its search finds is asked for as if it had just changed.
    "import.page": reads(wantThing),
    "import.database": reads(wantThing),
    "import.data_source": reads(wantThing),
    "page.transcription_block.transcript_deleted": reads(wantThing),
    "database.created": reads(wantThing),
    "database.content_updated": reads(wantRows),
    "database.schema_updated": reads(wantThing),
    "database.moved": reads(wantThing),
    "database.undeleted": reads(wantThing),
    "database.deleted": reads(readDeleted),
    "data_source.created": reads(wantThing),
    "data_source.content_updated": reads(wantRows),
    "data_source.schema_updated": reads(wantThing),
    "data_source.moved": reads(wantThing),
    "data_source.undeleted": reads(wantThing),
    "data_source.deleted": reads(readDeleted),
    "comment.created": reads(wantComment),
    "comment.updated": reads(wantComment),
    "comment.deleted": reads(readCommentDeleted),
    "view.created": skips("A view arranges rows, which arrive by their own events."),
    "view.updated": skips("A view arranges rows, which arrive by their own events."),
    "view.deleted": skips("A view arranges rows; none of them goes with it."),
    "file_upload.created": skips("A file is told by the page that it is put on."),
    "file_upload.completed": skips("A file is told by the page that it is put on."),
    "file_upload.expired": skips("A file is told by the page that it is put on."),
    "file_upload.upload_failed": skips("A file is told by the page that it is put on."),
  }),
)

/** What the hydrate stage accepts, by the kind of thing that was asked for; and members, whom imports ask for. */
const fetched: ReadonlySet<string> = new Set([
  "page.fetched",
  "database.fetched",
  "data_source.fetched",
  "comment.fetched",
  "import.user",
])

const Typed = z.object({ type: z.string() })

/**
 * What one delivery claims: an event wants its thing fetched, and what was fetched says what the thing is. Pure. Throws
 * `Rejected("payload_unreadable")` with the path of a field that cannot be read; events that Notion may add are skipped.
 */
export function normalize({ body }: StoredRequest): Normalized {
  const payload = parseJson(decodeUtf8(body))
  if (typeof payload !== "object" || payload === null || Array.isArray(payload))
    throw new Rejected("payload_unreadable", "The body is JSON, but not an object.")
  const { type } = read(Typed, payload)
  if (fetched.has(type)) return readFetched(read(Fetched, payload))
  const rule = rules.get(type)
  if (rule === undefined) return { outcome: "skipped", reason: `Unknown event ${shorten(type, 100)}.` }
  return "skips" in rule ? { outcome: "skipped", reason: rule.skips } : rule.reads(read(Event, payload))
}
