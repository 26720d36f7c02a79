import { setTimeout as wait } from "node:timers/promises"
import { Rejected } from "@engram/contracts/errors"
import { type VectorFamily, vectorFamilies } from "@engram/contracts/knowledge"
import type { VectorIndex } from "@engram/contracts/ports"
import type { FamilyState, KnownVector, StoredVersion, StorePlace, VersionLedger } from "@engram/contracts/versions"
import { namespaceOf, vectorId } from "../embed.ts"
import { recallOf } from "./recall.ts"
import type { ReindexOptions } from "./reindex-deps.ts"

export interface Verified {
  /** Vectors that the new index holds. */
  readonly vectors: number
  /** Of these so many were asked for by name, and as questions. */
  readonly sampled: number
  /** Of the ten nearest by exact comparison, the share that the index found. 1 where there is nothing to find. */
  readonly recallAt10: number
  /** Texts that the new model refuses and the old one did not. */
  readonly refused: number
}

const sampleMax = 100
const questionsMax = 30
const trailMs = 60_000
const lookMs = 500

interface Verifying {
  readonly ledger: VersionLedger
  readonly index: VectorIndex
}

/**
 * Whether the new version may take the old one's place: it wants what the old one wants, its index holds as many vectors as were
 * written and each of a sample, and finds what an exact comparison finds. `Rejected("not_as_the_old")` says what is missing.
 */
export async function verify(
  deps: Verifying,
  place: StorePlace,
  { from, to }: { readonly from: StoredVersion; readonly to: StoredVersion },
  options: ReindexOptions,
): Promise<Verified> {
  const { missing, extra, refused } = await deps.ledger.difference(place, { from: from.id, to: to.id })
  if (missing + extra > 0)
    throw unlike(`${missing} of the old version's vectors are not wanted in the new one, and ${extra} only there`)
  if (refused > 0 && !options.acceptRefused) {
    throw unlike(
      `the new model refuses ${refused} texts that the old one takes: they would be found by their words only; --accept-refused switches all the same`,
    )
  }
  const states = await deps.ledger.state(place, to.id)
  const families = vectorFamilies.filter((family) =>
    states.some((state) => state.family === family && state.written > 0),
  )
  let vectors = 0
  let sampled = 0
  let recalled = { found: 0, of: 0 }
  for (const [at, family] of families.entries()) {
    options.signal.throwIfAborted()
    options.onProgress({ step: "verifying", done: at, total: families.length })
    const until = await deps.ledger.now(place)
    const sample = await deps.ledger.sample(place, to, family, sampleMax)
    vectors += await holdsAll(deps, place, to, { family, sample, until }, options)
    const questions = sample.slice(0, questionsMax)
    const recall = await recallOf(deps, { place, version: to, family, questions, signal: options.signal })
    recalled = { found: recalled.found + recall.found, of: recalled.of + recall.of }
    sampled += sample.length
  }
  const recallAt10 = recalled.of === 0 ? 1 : recalled.found / recalled.of
  if (recallAt10 < options.recallMin) {
    throw unlike(`its index finds ${percent(recallAt10)} of the ten nearest, less than ${percent(options.recallMin)}`)
  }
  return { vectors, sampled, recallAt10, refused }
}

/**
 * Asks again for a while, since the index may trail its writes. Of what was asked for by name only that counts which ingestion left
 * alone since. Returns how many vectors the index holds.
 */
async function holdsAll(
  { ledger, index }: Verifying,
  place: StorePlace,
  version: StoredVersion,
  asked: { readonly family: VectorFamily; readonly sample: readonly KnownVector[]; readonly until: Date },
  { signal, trailMs: limitMs = trailMs }: Pick<ReindexOptions, "signal" | "trailMs">,
): Promise<number> {
  const { family, sample, until } = asked
  const target = { index: version.indexName, namespace: namespaceOf(family, version) }
  const deadline = performance.now() + limitMs
  for (;;) {
    const written = writtenOf(await ledger.state(place, version.id), family)
    const held = await index.count(target)
    const present = new Set(await index.present(target, sample.map(vectorId)))
    const absent = sample.filter((each) => !present.has(vectorId(each)))
    const lacks = await ledger.unchanged(place, version, absent, until)
    if (held >= written && lacks === 0) return held
    if (performance.now() > deadline) {
      const names = `and lacks ${lacks} of ${sample.length} asked for`
      throw unlike(`of ${family} its index holds ${held} vectors where ${written} were written, ${names}`)
    }
    await wait(lookMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

const writtenOf = (states: readonly FamilyState[], family: VectorFamily): number =>
  states.find((state) => state.family === family)?.written ?? 0

const unlike = (words: string): Rejected =>
  new Rejected("not_as_the_old", `the new version does not take the old one's place: ${words}`)

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
