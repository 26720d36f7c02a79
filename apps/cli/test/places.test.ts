import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { type Installation, install, run } from "./cli-fixture.ts"

// Each command is a process of its own, which takes seconds while the machine is busy.
const manyCommandsMs = 240_000

/** A store that no webhook and no key opens, as an import leaves it. */
async function importInto({ environment, json }: Installation, workspace: string): Promise<void> {
  const empty = join(environment.ENGRAM_DATA_DIR!, "empty.ndjson")
  await writeFile(empty, "")
  await json("import", "file", empty, "--workspace", workspace, "--store", "main")
}

test(
  "a store that is not named is the only one with a door, else the only one, and else has to be named",
  async () => {
    const engram = await install()
    await importInto(engram, "acme")
    expect(await engram.json("search", "x")).toMatchObject({ hits: [] })
    await importInto(engram, "default")
    for (const command of [["search", "x"], ["reindex"], ["eval", "run"]]) {
      expect(await run(command, engram.environment)).toMatchObject({
        code: 2,
        stderr: "engram: name one store with --workspace and --store; there are acme/main, default/main\n",
      })
    }
    await engram.json("keys", "create", "--workspace", "acme", "--store", "main", "--action", "write")
    expect(await engram.json("search", "x")).toMatchObject({ hits: [] })
  },
  manyCommandsMs,
)

test(
  "a workspace that is not named is the only one with a door, except where something is destroyed",
  async () => {
    const engram = await install()
    await importInto(engram, "acme")
    await importInto(engram, "default")
    expect(await run(["people", "list"], engram.environment)).toMatchObject({
      code: 2,
      stderr: "engram: name one workspace with --workspace; there are acme, default\n",
    })
    await engram.json("keys", "create", "--workspace", "acme", "--store", "main", "--action", "write")
    expect(await engram.json("people", "list")).toMatchObject({ people: [] })
    expect(await run(["forget", "--source", "github", "--yes"], engram.environment)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("name the workspace with --workspace; there are acme, default"),
    })
  },
  manyCommandsMs,
)

test(
  "a workspace or a store that there is not is refused, also where it only narrows what is listed",
  async () => {
    const { environment, ok } = await install()
    await ok("connect", "github", "--workspace", "acme", "--store", "main")
    for (const command of [["runs"], ["deliveries", "list"], ["replay", "--dry-run"]]) {
      expect(await run([...command, "--workspace", "nope"], environment)).toEqual({
        code: 2,
        stdout: "",
        stderr: "engram: there is no workspace nope; there is acme\n",
      })
    }
    expect(await run(["replay", "--dry-run", "--workspace", "acme", "--store", "nope"], environment)).toMatchObject({
      code: 2,
      stderr: "engram: there is no such store; there is acme/main\n",
    })
    expect(await ok("deliveries", "list", "--workspace", "acme", "--store", "main")).toContain("No delivery matches.")
    expect(await ok("runs", "--workspace", "acme")).toContain("There was no run yet")
  },
  manyCommandsMs,
)
