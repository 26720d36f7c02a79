import { createHash } from "node:crypto"
import { createRandom, type Random } from "./random.ts"
import { sentence, subjectOf } from "./texts.ts"

// The memories of the bench: 100,000 in 1,000 namespaces, as the backfill's mapping makes them out of 890 workspaces in a tree
// of 10 organisations and 90 teams. A workspace's namespace holds about 80, a team's 250, an organisation's 500. Each is two to
// four sentences, 190 characters, as agents write facts; they share 200 words, so a query of five finds a third of them.

export const memoriesCount = 100_000
const dimension = 512

const roots = 10
const teams = 90
const workspacesCount = 890

export interface BenchWorkspace {
  readonly id: string
  readonly parent: string | null
  /** What an agent at work there reads: its own, its team's and its organisation's. */
  readonly readable: readonly [workspace: string, team: string, org: string]
}

export interface BenchMemory {
  readonly id: string
  readonly content: string
  readonly namespace: string
  readonly scope: "LOCAL" | "TEAM" | "GLOBAL"
  readonly writer: BenchWorkspace
  /** What it is about: words of its first sentence. */
  readonly subject: string
}

const workspaceAt = (at: number): BenchWorkspace => {
  const parentAt = at < roots ? undefined : at < roots + teams ? at % roots : roots + (at % teams)
  const rootAt = parentAt === undefined ? at : parentAt < roots ? parentAt : parentAt % roots
  const [id, parent, root] = [at, parentAt ?? at, rootAt].map((place) => uuidOf(`workspace ${place}`))
  return {
    id: id!,
    parent: parentAt === undefined ? null : parent!,
    readable: [`workspace:${id}`, `team:${parent}`, `org:${root}`],
  }
}

export const benchWorkspaces: readonly BenchWorkspace[] = Array.from({ length: workspacesCount }, (_, at) =>
  workspaceAt(at),
)

export const namespaceNames: readonly string[] = [
  ...new Set(benchWorkspaces.flatMap(({ readable: [own, team] }) => [own, team])),
  ...benchWorkspaces.slice(0, roots).map(({ readable: [, , org] }) => org),
]

/** The memory at one place of the corpus; 70 % are of a workspace, 25 % of a team, 5 % of an organisation. */
export function memoryAt(at: number): BenchMemory {
  const random = createRandom(`memory ${at}`)
  const draw = random.below(100)
  const scope = draw < 70 ? "LOCAL" : draw < 95 ? "TEAM" : "GLOBAL"
  const writer = benchWorkspaces[random.below(scope === "GLOBAL" ? roots : workspacesCount)]!
  const subject = subjectOf(random)
  return {
    id: uuidOf(`memory ${at}`),
    content: [`The ${subject}.`, ...Array.from({ length: 1 + random.below(3) }, () => sentence(random))].join(" "),
    namespace: writer.readable[scope === "LOCAL" ? 0 : scope === "TEAM" ? 1 : 2],
    scope,
    writer,
    subject,
  }
}

/** A unit vector of its own for each place; vectors of two places are near orthogonal, as unrelated texts are. */
export function vectorAt(at: number): Float32Array {
  return unit(gaussians(createRandom(`vector ${at}`)))
}

export interface BenchQuestion {
  readonly namespaces: readonly string[]
  readonly limit: number
  readonly query?: string
  readonly embedding?: Float32Array
}

export const shapes = ["own", "chain", "ten", "hundred"] as const
export type Shape = (typeof shapes)[number]

/** What searches ask for, of a hundred: mostly what one agent may read. */
const mix: Readonly<Record<Shape, number>> = { own: 30, chain: 60, ten: 9, hundred: 1 }

/** The question at one place of the load. It asks for something that is there. */
export function questionAt(at: number, by: "query" | "embedding"): BenchQuestion & { readonly shape: Shape } {
  const random = createRandom(`question ${at}`)
  const sought = random.below(memoriesCount)
  const memory = memoryAt(sought)
  const shape = shapeFor(random.below(100))
  const question = { shape, namespaces: namespacesFor(shape, memory, random), limit: 10 }
  if (by === "query") return { ...question, query: memory.subject }
  // About 0.8 from what is sought: a paraphrase, not a copy.
  const noise = gaussians(random)
  return {
    ...question,
    embedding: unit(vectorAt(sought).map((value, i) => value + (0.75 * noise[i]!) / Math.sqrt(dimension))),
  }
}

function shapeFor(draw: number): Shape {
  let rest = draw
  for (const shape of shapes) {
    if (rest < mix[shape]) return shape
    rest -= mix[shape]
  }
  return "chain"
}

function namespacesFor(shape: Shape, { namespace, writer }: BenchMemory, random: Random): string[] {
  if (shape === "own") return [namespace]
  if (shape === "chain") return [...writer.readable]
  const names = new Set([namespace])
  const count = shape === "ten" ? 10 : 100
  while (names.size < count) names.add(random.pick(benchWorkspaces).readable[0])
  return [...names]
}

function gaussians(random: Random): Float32Array {
  return Float32Array.from({ length: dimension }, () => {
    let sum = 0
    for (let i = 0; i < 4; i++) sum += random.below(65_536)
    return (sum - 131_070) / 37_837
  })
}

function unit(values: Float32Array): Float32Array {
  const length = Math.hypot(...values)
  return values.map((value) => value / length)
}

function uuidOf(name: string): string {
  const hex = createHash("sha1").update(name).digest("hex")
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  )
}
