import { expect, test } from "vitest"
import { createClient } from "../contract/client.ts"
import { openPlugin } from "./plugin.ts"

const [composed, decomposed] = ["NFC", "NFD"]

test("contents and queries meet whichever form their accents have, and contents keep theirs", async () => {
  const plugin = await openPlugin()
  try {
    const client = await createClient(plugin.url)
    const name = await client.namespace()
    const contents = [composed, decomposed].map((form) => `Café society, ${form}`.normalize(form))
    for (const content of contents) await client.write(name, content)
    for (const form of [composed, decomposed]) {
      for (const query of ["é", "x̂ café", "cafés"]) {
        const found = await client.contents(name, { query: query.normalize(form) })
        expect([form, query, found.sort()]).toEqual([form, query, contents.toSorted()])
      }
    }
    expect(await client.contents(name, { query: "ệ".normalize(decomposed) })).toHaveLength(2)
  } finally {
    await plugin.close()
  }
})

test("letters whose marks Postgres does not fold are found by a decomposed query in both forms", async () => {
  const plugin = await openPlugin()
  try {
    const client = await createClient(plugin.url)
    for (const word of ["한국", "йод", "がくせい"]) {
      const name = await client.namespace()
      await client.write(name, `${word} composed`.normalize(composed))
      await client.write(name, `${word} decomposed`.normalize(decomposed))
      expect(await client.contents(name, { query: word.normalize(decomposed) })).toHaveLength(2)
      const letter = word.slice(0, 1).normalize(decomposed)
      expect(await client.contents(name, { query: letter })).toContain(`${word} composed`)
    }
  } finally {
    await plugin.close()
  }
})
