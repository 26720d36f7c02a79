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
