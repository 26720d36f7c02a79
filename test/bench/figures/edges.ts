import type { DocumentDraft, Drafts, MomentDraft } from "@engram/contracts/draft"
import type { Knowledge, KnowledgeWrite } from "@engram/contracts/knowledge"
import type { Source } from "@engram/contracts/source"
import { chunkLimits } from "@engram/core/chunk/chunk"
import { persist } from "@engram/pipeline/persist"
import type { ReadDelivery } from "@engram/pipeline/persist/read-delivery"
import { sources } from "@engram/sources/registry"
import { crossReferences } from "@engram/sources/text/references"
import { createDatabase } from "@engram/store/database"
import { createKnowledge } from "@engram/store/knowledge"
import { normalizeLimits } from "@engram/worker/turns"
import { ownCpuSeconds } from "../cpu.ts"
import { createInProcess, newDelivery, spentOn, total } from "../in-process.ts"
import { type MixedDelivery, makeMixedLoad } from "../mixed-load.ts"
import { type Product, type Site, workspaceId } from "../site.ts"

/** As many deliveries as one of the product's transactions takes. */
const batch = normalizeLimits.rowsMax / normalizeLimits.writesMax

export interface EdgesCost {
  /** What accounts, people, edges, their evidence and the names at their ends add to everything else that persist does, in processor time. */
  readonly added: number
  /** Seconds of processor time. */
  readonly whole: number
  readonly without: number
  /** Of `without`: looking for references in texts, which belongs to the edges. */
  readonly looking: number
}

/** The same deliveries persisted twice, by turns: as they are, and by a persist that knows things and their names, but no accounts and edges. */
export async function measureEdges(
  site: Site,
  options: { readonly count: number; readonly block: number },
): Promise<EdgesCost> {
  const [whole, plain] = [await createSide(site, asIs), await createSide(site, bare)]
  const load = makeMixedLoad({ count: options.count })
  const warmUp = makeMixedLoad({ count: 800, seed: "warm-up" })
  try {
    await whole.take(warmUp)
    await plain.take(warmUp)
    plain.texts.length = 0
    const spent = { whole: 0, without: 0 }
    for (let from = 0, wholeFirst = true; from < load.length; from += options.block, wholeFirst = !wholeFirst) {
      const block = load.slice(from, from + options.block)
      // Who goes first counts the tokens of the block's texts for both: the process keeps what it counted.
      if (wholeFirst) spent.whole += await whole.take(block)
      spent.without += await plain.take(block)
      if (!wholeFirst) spent.whole += await whole.take(block)
    }
    const before = ownCpuSeconds()
    for (const text of plain.texts) crossReferences(text)
    const looking = ownCpuSeconds() - before
    const { whole: all, without } = spent
    return { added: (all - without + looking) / (without - looking), whole: all, without, looking }
  } finally {
    await Promise.all([whole.close(), plain.close()])
  }
}

/** One side of the comparison, with a database of its own. */
interface Side {
  /** The texts it rendered. */
  readonly texts: string[]
  /** Accepts and reads them, then persists them, and says what persisting took in seconds of processor time. */
  take(deliveries: readonly MixedDelivery[]): Promise<number>
  close(): Promise<void>
}

interface Way {
  readonly knowledge: (real: Knowledge) => Knowledge
  readonly source: (real: Source, texts: string[]) => Source
  readonly drafts: (drafts: Drafts) => Drafts
}

const asIs: Way = { knowledge: (real) => real, source: (real) => real, drafts: (drafts) => drafts }

const nothing: Partial<KnowledgeWrite> = {
  saveAccounts: async () => {},
  saveEvidence: async () => {},
}

const bare: Way = {
  knowledge: (real) => ({
    ...real,
    write: (workspace, work) => real.write(workspace, (write) => work({ ...write, ...nothing })),
  }),
  source: (real, texts) => ({
    ...real,
    render: (document) => {
      const rendered = real.render(document)
      texts.push(...rendered.sections.map(({ markdown }) => markdown))
      return { ...rendered, links: [] }
    },
  }),
  drafts: (drafts) => ({
    ...drafts,
    documents: drafts.documents.map(
      (document): DocumentDraft => ({ ...document, parts: document.parts.map((part) => ({ ...part, links: {} })) }),
    ),
    moments: drafts.moments.map((moment): MomentDraft => ({ ...moment, links: [] })),
  }),
}

async function createSide(site: Site, way: Way): Promise<Side> {
  const product = await site.product("postgres")
  const pipeline = await createInProcess(product)
  await pipeline.open()
  const texts: string[] = []
  const known = Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, way.source(source, texts)]))
  const write = persist({
    knowledge: way.knowledge(createKnowledge(createDatabase(product.pool, { durable: false }))),
    chunkLimits,
    settling: { settleMs: 0, settleMaxMs: 0 },
    hash: (workspace, value) => `${workspace} ${value}`,
  })
  return {
    texts,
    take: async (deliveries) => {
      await pipeline.accept(deliveries)
      const reads = deliveries.flatMap((delivery) => readOf(product, known, way, delivery))
      const spent = await spentOn(site, async () => {
        for (let from = 0; from < reads.length; from += batch)
          await write({ workspaceId, storeId: product.storeId, stage: "normalize" }, reads.slice(from, from + batch))
      })
      return total(spent)
    },
    close: async () => {
      await pipeline.close()
      await product.close()
    },
  }
}

function readOf(
  product: Product,
  known: Readonly<Record<string, Source>>,
  way: Way,
  delivery: MixedDelivery,
): ReadDelivery[] {
  const { id, connectionId, headers, body } = newDelivery(product, delivery)
  const source = known[delivery.source]!
  const receivedAt = 1_700_000_000_000
  const normalized = source.normalize({ headers, body, receivedAt })
  if (normalized.outcome === "skipped") return []
  return [{ id, connectionId, source, receivedAt, drafts: way.drafts(normalized.drafts) }]
}
