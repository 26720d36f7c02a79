import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { type Installation, install, run, start } from "./cli-fixture.ts"

/** A delivery of the connection that there is; `columns` are in SQL. */
async function keep({ rows }: Installation, id: string, columns: { readonly [name: string]: string } = {}) {
  const given = { body: "null", body_bytes: "0", state: "'processed'", ...columns }
  const names = Object.keys(given)
  await rows(`insert into ingest_deliveries (id, workspace_id, store_id, connection_id, delivery_key, source, event, headers, body_hash, ${names})
    select '${id}', workspace_id, store_id, id, '${id}', 'github', 'issues', '{}', '', ${Object.values(given)} from connections`)
}

async function installConnected(): Promise<Installation> {
  const engram = await install()
  await engram.ok("connect", "github", "--workspace", "acme", "--store", "main")
  return engram
}

test("--body is the body's bytes and nothing else, also for a reader that takes its time", async () => {
  const engram = await installConnected()
  const noText = Buffer.alloc(1_000_000, Buffer.from("ff00fe0a80", "hex"))
  await keep(engram, "dlv_bytes", { body: "decode(repeat('ff00fe0a80', 200000), 'hex')", body_bytes: "1000000" })

  const show = ["deliveries", "show", "dlv_bytes", "--body"]
  const { process: child, ended } = start(show, engram.environment)
  const stdout = child.stdout!
  const chunks: Buffer[] = []
  stdout.on("data", (chunk) => chunks.push(chunk))
  stdout.pause()
  await waitUntil("the first bytes come", () => stdout.readableLength > 0, 60_000)
  // In the time that another takes from its start to its end, one that did not wait for its reader has ended long since.
  expect((await run(show, engram.environment)).code).toBe(0)
  expect(child.exitCode).toBeNull()
  stdout.resume()
  expect(await ended).toMatchObject({ code: 0, stderr: "" })
  expect(Buffer.concat(chunks).equals(noText)).toBe(true)
})

test("what was forgotten, or not kept, is said to be gone, and not to be read again", async () => {
  const engram = await installConnected()
  await keep(engram, "dlv_gone", { body_bytes: "12600" })
  await keep(engram, "dlv_lost", { artifact_key: "'raw/lost'" })

  const words = await engram.ok("deliveries", "show", "dlv_gone")
  expect(words).toMatch(/^bytes .*, gone \(forgotten, or not kept\)$/m)
  expect(words.trimEnd().split("\n").at(-1)).toBe("(gone: forgotten, or not kept)")
  const bodyOf = (id: string) => run(["deliveries", "show", id, "--body"], engram.environment)
  const refused = (reason: string) => ({ code: 1, stdout: "", stderr: `engram: the body of ${reason}\n` })
  expect(await bodyOf("dlv_gone")).toEqual(refused("dlv_gone is gone: forgotten, or not kept"))
  expect(await bodyOf("dlv_lost")).toEqual(refused("dlv_lost is gone: neither in its row nor at raw/lost"))

  const cannot = "1 delivery cannot be read again: the bytes are gone (forgotten, or not kept)."
  expect(await engram.ok("replay", "--id", "dlv_gone")).toBe(`${cannot}\n`)
  expect(await engram.ok("replay", "--source", "github", "--dry-run")).toBe(
    `Would replay 1 delivery; nothing was changed.\n${cannot}\n`,
  )
  expect(await engram.json("replay", "--id", "dlv_gone")).toEqual({ deliveries: 0, gone: 1, dryRun: false })
})
