import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { createCheckpoint } from "../../src/backfill/checkpoint.ts"
import { afterwards } from "../cli-fixture.ts"

const position = { createdAt: "2026-01-01 10:00:00.000001+00", id: "0b5f2f6e-8f0c-4c5e-9a51-6a4f6f0e6c11" }
const failed = { failedRows: 2_000, failures: [{ id: position.id, reason: "the plugin does not want it" }] }

async function open() {
  const folder = await mkdtemp(join(tmpdir(), "engram-checkpoint-"))
  afterwards(() => rm(folder, { recursive: true, force: true }))
  return createCheckpoint(folder, ["legacy", "plugin"])
}

test("the place and what had failed by then are read as they were saved, until they are cleared", async () => {
  const checkpoint = await open()
  expect(await checkpoint.read()).toBeUndefined()
  await checkpoint.save(position, failed)
  expect(await checkpoint.read()).toEqual({ ...position, ...failed })
  await checkpoint.clear()
  expect(await checkpoint.read()).toBeUndefined()
})

test("a file from before failures were kept gives its place, and no failure", async () => {
  const checkpoint = await open()
  await checkpoint.save(position, failed)
  await writeFile(checkpoint.file, JSON.stringify(position))
  expect(await checkpoint.read()).toEqual({ ...position, failedRows: 0, failures: [] })
})

test("an id that is a UUID to Postgres and to the plugin is a place to go on from, whatever version it names", async () => {
  const checkpoint = await open()
  for (const id of ["11111111-2222-0333-4444-555555555555", "deadbeef-dead-beef-dead-beefdeadbeef"]) {
    await checkpoint.save({ ...position, id }, failed)
    expect(await checkpoint.read()).toEqual({ ...position, ...failed, id })
  }
})
