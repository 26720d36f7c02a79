import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { start } from "../cli-fixture.ts"
import { createLegacy, uuidOf } from "./legacy-fixture.ts"

test("of two that apply the same at once the second is refused in words; the first ends well, and so does another after it", async () => {
  const legacy = await createLegacy()
  await legacy.workspace("solo")
  await legacy.workspace("duo")
  await legacy.memory("duo", "duo", "of another workspace")
  await legacy.many("solo", 3_000)
  const { memories } = legacy.server
  const first = start(["backfill", "--apply"], legacy.environment)
  await waitUntil("it has begun to copy", () => memories.size > 500)
  first.process.kill("SIGSTOP")
  expect(await legacy.backfill("--apply")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("another --apply of this legacy database into this plugin is running"),
  })
  const other = await legacy.backfill("--apply", "--workspace", uuidOf("duo"))
  expect(other).toMatchObject({ code: 0, stdout: expect.stringContaining("1 copied") })
  first.process.kill("SIGCONT")
  expect(await first.ended).toMatchObject({ code: 0, stdout: expect.stringContaining("3001 copied") })
  expect(await legacy.backfill("--apply")).toMatchObject({ code: 0 })
  expect(memories.size).toBe(3_001)
})
