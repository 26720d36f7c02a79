import type { JsonObject } from "@engram/contracts/json"
import type { Api } from "./api.ts"
import { unseen } from "./notion-words.ts"

export interface BlockLimits {
  readonly blocksMax: number
  /** Of JSON text, which is what memory and the delivery hold. */
  readonly charsMax: number
  /** Requests for one page's blocks; every block with children takes at least one. */
  readonly requestsMax: number
  /** How deep blocks may lie within blocks. */
  readonly depthMax: number
}

/** Three times the longest page that Notion's own markdown export serves, a quarter of what a delivery may be, four minutes. */
export const blockLimits: BlockLimits = { blocksMax: 10_000, charsMax: 12_000_000, requestsMax: 600, depthMax: 16 }

/** Blocks in reading order, each with its `children`. `cut` says which limit ended the reading, or left deeper blocks out. */
export interface BlocksFound {
  readonly blocks: readonly JsonObject[]
  readonly cut: JsonObject | null
}

type Block = { id: string; type?: string; has_children?: boolean; children?: Block[]; unreadable?: string }

/** Things of their own: they are read when their own events say so. */
const ownThings = new Set(["child_page", "child_database"])

/** All blocks of a page, in reading order, so that what is cut is its end. However large the page, memory stays within the limits. */
export async function readBlocks(api: Api, pageId: string, limits: BlockLimits = blockLimits): Promise<BlocksFound> {
  const reading = new Reading(api, limits)
  const blocks = await reading.children(pageId, 1)
  return { blocks: blocks as unknown as JsonObject[], cut: reading.cut }
}

class Reading {
  readonly #api: Api
  readonly #limits: BlockLimits
  #blocks = 0
  #chars = 0
  #requests = 0
  #end: string | undefined
  #tooDeep = 0

  constructor(api: Api, limits: BlockLimits) {
    this.#api = api
    this.#limits = limits
  }

  get cut(): JsonObject | null {
    if (this.#end === undefined && this.#tooDeep === 0) return null
    return { limit: this.#end ?? "depth", blocks: this.#blocks, ...(this.#tooDeep > 0 && { tooDeep: this.#tooDeep }) }
  }

  async children(id: string, depth: number): Promise<Block[]> {
    const found: Block[] = []
    for (let cursor: string | null | undefined; cursor !== null && this.#mayAsk(); ) {
      const answer = await this.#api.client.blocks.children.list({
        block_id: id,
        page_size: 100,
        ...(cursor && { start_cursor: cursor }),
      })
      for (const block of answer.results as Block[]) {
        if (!this.#hasRoomFor(block)) return found
        found.push(block)
        await this.#addChildren(block, depth)
        if (this.#end !== undefined) return found
      }
      cursor = answer.has_more ? answer.next_cursor : null
    }
    return found
  }

  async #addChildren(block: Block, depth: number): Promise<void> {
    if (!block.has_children || ownThings.has(block.type ?? "")) return
    if (depth >= this.#limits.depthMax) {
      this.#tooDeep++
      return
    }
    try {
      block.children = await this.children(block.id, depth + 1)
    } catch (error) {
      // A copy of a block whose original is on a page that is not shared.
      const reason = unseen(error)
      if (reason === undefined) throw error
      block.unreadable = reason
    }
  }

  #mayAsk(): boolean {
    if (this.#requests === this.#limits.requestsMax) this.#end = "requests"
    this.#requests++
    return this.#end === undefined
  }

  #hasRoomFor(block: Block): boolean {
    const chars = JSON.stringify(block).length
    if (this.#blocks === this.#limits.blocksMax) this.#end = "blocks"
    else if (this.#chars + chars > this.#limits.charsMax) this.#end = "size"
    if (this.#end !== undefined) return false
    this.#blocks++
    this.#chars += chars
    return true
  }
}
