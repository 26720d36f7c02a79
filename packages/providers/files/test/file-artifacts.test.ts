import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createFileArtifacts } from "@engram/files/file-artifacts"
import { artifactStorePromises } from "@engram/testkit/artifact-store-promises"
import { afterAll, describe, expect, test } from "vitest"

const root = mkdtempSync(join(tmpdir(), "engram-files-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe("artifacts in files", () => {
  artifactStorePromises(() => createFileArtifacts(join(root, "made", "when", "needed")))

  test("what another process wrote is read", async () => {
    await createFileArtifacts(root).put("a/b.json", Buffer.from("1"))
    expect(await createFileArtifacts(root).get("a/b.json")).toEqual(Buffer.from("1"))
    expect(await createFileArtifacts(root).get("a")).toBeUndefined()
    expect(await createFileArtifacts(root).get("a/b.json/c")).toBeUndefined()
  })

  test("lists in the order of whole keys, where folders stand among files", async () => {
    const artifacts = createFileArtifacts(root)
    const keys = ["in/a-b/1", "in/a.b", "in/a/1", "in/a0"]
    for (const key of [...keys].reverse()) await artifacts.put(key, Buffer.from("1"))
    const found: string[] = []
    for await (const page of artifacts.list("in/")) found.push(...page.map(({ key }) => key))
    expect(found).toEqual(keys)
  })

  test("leaves no temporary file, and clears those of processes that died", async () => {
    const folder = join(root, ".tmp")
    const artifacts = createFileArtifacts(root)
    await artifacts.put("a/c.json", Buffer.from("1"))
    expect(readdirSync(folder)).toEqual([])
    writeFileSync(join(folder, "old"), "half")
    writeFileSync(join(folder, "new"), "half")
    utimesSync(join(folder, "old"), new Date(0), new Date(0))
    await artifacts.check()
    expect(readdirSync(folder)).toEqual(["new"])
    rmSync(join(folder, "new"))
  })

  test("a folder that cannot be made is said in words", async () => {
    writeFileSync(join(root, "file"), "")
    const artifacts = createFileArtifacts(join(root, "file", "below"))
    await expect(artifacts.check()).rejects.toMatchObject({ name: "Rejected", code: "artifacts_unwritable" })
    await expect(artifacts.put("a", Buffer.from("1"))).rejects.toThrow(join(root, "file"))
  })
})
