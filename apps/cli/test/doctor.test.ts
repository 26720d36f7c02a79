import { freePort } from "@engram/testkit/free-port"
import { expect, test } from "vitest"
import { install, run } from "./cli-fixture.ts"

// Each command is a process of its own, which takes seconds while the machine is busy.
const manyCommandsMs = 240_000

test(
  "says of each configured system what it is and whether it answers",
  async () => {
    const { json, ok } = await install()
    const { ok: well, parts } = await json("doctor")
    expect(well).toBe(true)
    const asked = parts.filter((part: { ok?: boolean }) => part.ok).map(({ part }: { part: string }) => part)
    expect(asked).toEqual(["database", "queue", "cache", "artifacts", "vectors", "embeddings", "webhook secrets"])
    expect(await ok("doctor")).toMatch(/✓ database/)
  },
  manyCommandsMs,
)

test(
  "says what fails and what to do, and exits with 1",
  async () => {
    const { environment } = await install()
    const redis = { ...environment, REDIS_URL: `redis://127.0.0.1:${await freePort()}` }
    const { code, stdout, stderr } = await run(["doctor"], redis)
    expect(code).toBe(1)
    expect(stdout).toMatch(/✓ database/)
    expect(stdout).toMatch(/✗ queue[^✗]*ECONNREFUSED[^✗]*→ is Redis running at REDIS_URL/)
    expect(stderr).toContain("engram: not well: queue, cache")
  },
  manyCommandsMs,
)

test(
  "knows a secret key that does not open the secrets",
  async () => {
    const { environment, json } = await install()
    await json("connect", "github", "--workspace", "acme", "--store", "main")
    const { code, stdout } = await run(["doctor", "--json"], {
      ...environment,
      ENGRAM_SECRET_KEY: "another key, also long",
    })
    expect(code).toBe(1)
    const failed = JSON.parse(stdout).parts.filter((part: { ok?: boolean }) => part.ok === false)
    expect(failed).toMatchObject([{ part: "webhook secrets", error: expect.stringContaining("ENGRAM_SECRET_KEY") }])
  },
  manyCommandsMs,
)
