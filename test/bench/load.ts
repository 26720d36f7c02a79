import { createHash } from "node:crypto"
import { examplePayloads } from "../examples.ts"
import { createRandom, shuffled } from "./random.ts"
import { familyOf, movePayload, type World } from "./world.ts"

export interface LoadDelivery {
  readonly key: string
  readonly event: string
  readonly body: Buffer
}

export const loadSeed = "engram-bench-1"

/** Repositories that the load's deliveries come from. */
const repositories = 60
/** Things per delivery that has one: some are spoken of more than once, as real ones are. */
const thingsPerDelivery = 0.95

/**
 * `count` GitHub deliveries in the proportion of the examples' event types, each moved to a repository, a thing, people, a
 * time and texts of its own. Deterministic: the same seed and count give the same bytes on every machine.
 */
export function makeLoad({ count = 5_000, seed = loadSeed } = {}): LoadDelivery[] {
  const random = createRandom(seed)
  const deck: number[] = []
  while (deck.length < count) deck.push(...shuffled([...examplePayloads.keys()], random))
  const turns = new Map<string, number>()
  return deck.slice(0, count).map((example, at) => {
    const { event, payload } = examplePayloads[example]!
    const family = familyOf(event)
    const turn = turns.get(family) ?? 0
    turns.set(family, turn + 1)
    const thing = Math.floor(turn * thingsPerDelivery)
    const world: World = { seed, family, repository: thing % repositories, thing, at }
    return { key: keyOf(seed, at), event, body: Buffer.from(JSON.stringify(movePayload(payload, world))) }
  })
}

/** The same deliveries under other delivery ids. */
export const underNewKeys = <Delivery extends LoadDelivery>(load: readonly Delivery[]): Delivery[] =>
  load.map((delivery) => ({ ...delivery, key: `again-${delivery.key}` }))

export function loadHash(load: readonly LoadDelivery[]): string {
  const hash = createHash("sha256")
  for (const { key, event, body } of load) hash.update(`${key} ${event} `).update(body)
  return hash.digest("hex")
}

function keyOf(seed: string, at: number): string {
  const hex = createHash("sha256").update(`${seed} ${at}`).digest("hex")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-")
}
