import type { ArtifactStore } from "@engram/contracts/ports"
import { describe, expect, test } from "vitest"

let serial = 0

/** Every artifact store keeps these promises. */
export function artifactStorePromises(open: () => ArtifactStore): void {
  const newKey = () => `workspaces/acme/knowledge/${process.pid}-${++serial}.json`
  const bytesOf = (text: string) => new TextEncoder().encode(text)

  test("gives back the bytes that were put, whatever they are", async () => {
    const artifacts = open()
    const every = Uint8Array.from({ length: 1_024 }, (_, i) => i % 256)
    for (const bytes of [every, bytesOf("héllo"), new Uint8Array(0)]) {
      const key = newKey()
      await artifacts.put(key, bytes)
      expect(Buffer.from((await artifacts.get(key))!).equals(Buffer.from(bytes))).toBe(true)
    }
  })

  test("holds 25 MB, the largest payload there is", async () => {
    const artifacts = open()
    const key = newKey()
    const bytes = Buffer.alloc(25 * 1_024 * 1_024, "engram")
    await artifacts.put(key, bytes)
    expect(Buffer.from((await artifacts.get(key))!).equals(bytes)).toBe(true)
    await artifacts.remove(key)
  })

  test("a key that was never put is undefined", async () => {
    expect(await open().get(newKey())).toBeUndefined()
  })

  test("putting a key again replaces it", async () => {
    const artifacts = open()
    const key = newKey()
    await artifacts.put(key, bytesOf("a longer first version"))
    await artifacts.put(key, bytesOf("second"))
    expect(Buffer.from((await artifacts.get(key))!).toString()).toBe("second")
  })

  test("writers of one key at once leave one of their values, whole", async () => {
    const artifacts = open()
    const key = newKey()
    const values = Array.from({ length: 8 }, (_, i) => String(i).repeat(50_000))
    await Promise.all(values.map((value) => artifacts.put(key, bytesOf(value))))
    expect(values).toContain(Buffer.from((await artifacts.get(key))!).toString())
  })

  test("removes, and removing what is not there is no error", async () => {
    const artifacts = open()
    const key = newKey()
    await artifacts.put(key, bytesOf("x"))
    await artifacts.remove(key)
    await artifacts.remove(key)
    expect(await artifacts.get(key)).toBeUndefined()
  })

  test("says how large an artifact is, and how old", async () => {
    const artifacts = open()
    const key = newKey()
    expect(await artifacts.stat(key)).toBeUndefined()
    await artifacts.put(key, bytesOf("twelve bytes"))
    const found = await artifacts.stat(key)
    expect(found).toMatchObject({ key, bytes: 12 })
    expect(Math.abs(Date.now() - found!.modifiedAt.getTime())).toBeLessThan(600_000)
  })

  test("lists what is below a prefix in the order of the keys, and nothing beside it", async () => {
    const artifacts = open()
    const at = `list-${process.pid}-${++serial}`
    const keys = ["a/1", "a/2", "a0", "ab/c/d", "ab/ca", "b/1"].map((name) => `${at}/in/${name}`).sort()
    for (const key of [...keys, `${at}/inside`, `${at}/in-other/x`]) await artifacts.put(key, bytesOf(key))
    const listed = async (prefix: string) => {
      const found: { key: string; bytes: number }[] = []
      for await (const page of artifacts.list(prefix)) found.push(...page)
      return found
    }
    const all = await listed(`${at}/in/`)
    expect(all.map(({ key }) => key)).toEqual(keys)
    expect(all[0]).toMatchObject({ bytes: keys[0]!.length })
    expect((await listed(`${at}/in/a/`)).map(({ key }) => key)).toEqual([`${at}/in/a/1`, `${at}/in/a/2`])
    expect(await listed(`${at}/nothing/`)).toEqual([])
    for (const bad of ["", "/", "../", `${at}/in`]) {
      await expect(listed(bad)).rejects.toMatchObject({ name: "Rejected", code: "artifact_key" })
    }
  })

  test("lists more than one page", async () => {
    const artifacts = open()
    const at = `pages-${process.pid}-${++serial}`
    const keys = Array.from({ length: 1_203 }, (_, i) => `${at}/${i % 16}/${i}`)
    for (let from = 0; from < keys.length; from += 50) {
      await Promise.all(keys.slice(from, from + 50).map((key) => artifacts.put(key, bytesOf("x"))))
    }
    const found: string[] = []
    for await (const page of artifacts.list(`${at}/`)) found.push(...page.map(({ key }) => key))
    expect(found).toEqual(keys.sort())
  })

  describe("a key that could leave its folder, or that not every store can hold, is rejected", () => {
    const bad = [
      "",
      "/etc/passwd",
      "../up",
      "a/../../b",
      "a//b",
      "a/",
      ".hidden",
      "a/.",
      "a\\b",
      "a\0b",
      "é",
      "x".repeat(300),
    ]
    test.each(bad)("%j", async (key) => {
      const artifacts = open()
      const refusal = { name: "Rejected", code: "artifact_key" }
      await expect(artifacts.put(key, bytesOf("x"))).rejects.toMatchObject(refusal)
      await expect(artifacts.get(key)).rejects.toMatchObject(refusal)
      await expect(artifacts.remove(key)).rejects.toMatchObject(refusal)
    })
  })

  test("check() passes when it works", async () => {
    await open().check()
  })
}
