import { afterEach, expect, test } from "vitest"
import { examplePayloads } from "../examples.ts"
import { comment, issue } from "../payloads.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

let bench: Workbench
afterEach(() => bench.close())

const states = () =>
  bench.rows("select delivery_key as key, state, reason from ingest_deliveries where state <> 'processed'")
const liveTexts = async () =>
  (
    await bench.rows<{ text: string }>(
      "select c.text from knowledge_chunks c join knowledge_documents d on d.id = c.document_id where c.version_to is null and d.live",
    )
  ).map(({ text }) => text)

/** Whatever the limit that a text is cut at, it may fall into an emoji: each is two UTF-16 units. */
test.each([0, 1])(
  "an issue whose label and heading are cut inside an emoji is taken in, and what is deleted of it goes (%i before)",
  async (before) => {
    bench = await createWorkbench()
    const said = {
      number: 1,
      labels: [`${"l".repeat(38 + before)}😀 and more`],
      body: `# ${"h".repeat(78 + before)}😀 and more\n\nThe body.\n\nDecision: ${"d".repeat(before)}${"😀".repeat(3_000)}`,
    }
    const text = `Globex ${"c".repeat(before)}${"😀".repeat(3_000)}`
    await bench.accept([issue(said), comment({ ...said, id: 7, text, minute: 1 })])
    await bench.drain()
    expect(await states()).toEqual([])
    expect((await liveTexts()).join("\n")).toContain("Globex")
    await bench.accept([comment({ ...said, id: 7, text, action: "deleted", minute: 2 })])
    await bench.drain()
    expect(await states()).toEqual([])
    expect((await liveTexts()).join("\n")).not.toContain("Globex")
    expect((await liveTexts()).join("\n")).toContain("The body.")
  },
)

test.each([0, 1])("a push whose commit message is long and full of emoji is taken in (%i before)", async (before) => {
  bench = await createWorkbench()
  const pushed = examplePayloads.find(({ key }) => key === "push-4")!
  const push = pushed.payload as { head_commit: { message: string }; commits: object[] }
  const line = `${"m".repeat(before)}${"😀".repeat(700)}`
  for (const [at, message] of [
    line,
    `${line}\n\n${line}`,
    `Short\n\n${line}`,
    `${" ".repeat(799 - before)}😀😀`,
  ].entries()) {
    const commit = { ...push.head_commit, id: `${at}`.repeat(40), message }
    const payload = { ...push, head_commit: commit, commits: [commit] }
    await bench.accept([{ ...pushed, key: `push-${at}`, payload }])
  }
  await bench.drain()
  expect(await states()).toEqual([])
})
