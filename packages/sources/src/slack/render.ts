import type { MergedPart, Rendered } from "@engram/contracts/draft"
import { readDocumentId } from "./names.ts"
import { renderChannel } from "./render-channel.ts"
import { renderThread } from "./render-thread.ts"

/** A document as readers see it. Pure: the same live parts give the same document. */
export function render({ sourceId, parts }: { sourceId: string; parts: readonly MergedPart[] }): Rendered {
  const { channel, root } = readDocumentId(sourceId)
  return root === undefined ? renderChannel(channel, parts) : renderThread(channel, root, parts)
}
