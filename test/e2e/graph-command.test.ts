import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, test } from "vitest"
import { comment, issue } from "../payloads.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

const main = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url))

let bench: Workbench
beforeAll(async () => {
  bench = await createWorkbench()
  const body = "Blocked by #51, see https://linear.app/acme/issue/ENG-12/slow-login"
  await bench.accept([
    issue({ number: 50, title: "Login is slow", body }),
    issue({ number: 51, title: "The cache is small" }),
    comment({ number: 51, id: 7, title: "The cache is small", text: "cc @octocat", minute: 1 }),
  ])
  await bench.drain()
})
afterAll(() => bench.close())

/** The real command line, in a process of its own. */
const graph = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const secretKey = "a key for tests, long enough"
    const env = { PATH: process.env.PATH, NO_COLOR: "1", DATABASE_URL: bench.databaseUrl, ENGRAM_SECRET_KEY: secretKey }
    execFile(process.execPath, [main, "graph", ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : Number(error !== null), stdout, stderr }),
    )
  })

test("the neighbourhood is a tree with its evidence, from any of a thing's names", async () => {
  const { code, stdout } = await graph("Codertocat/Hello-World#51", "--hops", "2")
  expect(code).toBe(0)
  expect(stdout).toMatchInlineSnapshot(`
    "codertocat/hello-world#51  The cache is small  (issue, open)
    https://github.com/Codertocat/Hello-World/issues/51
    ├─ ← blocks codertocat/hello-world#50 Login is slow (issue, open, 85 %, since 2024-01-01)
    │  │ says issue codertocat/hello-world#50
    │  ├─ written by → Codertocat (account, since 2024-01-01, shown elsewhere)
    │  │    says issue codertocat/hello-world#50
    │  ├─ assigned to → Codertocat (account, since 2024-01-01, shown elsewhere)
    │  │    says issue codertocat/hello-world#50
    │  ├─ refers to → ENG-12 (issue key, not seen yet, 90 %, since 2024-01-01)
    │  │    says issue codertocat/hello-world#50
    │  ├─ part of → Codertocat/Hello-World (repository, since 2024-01-01, shown elsewhere)
    │  │    says issue codertocat/hello-world#50
    │  └─ part of → v1.0 (milestone, since 2024-01-01, shown elsewhere)
    │       says issue codertocat/hello-world#50
    ├─ written by → Codertocat (account, since 2024-01-01)
    │    says issue codertocat/hello-world#51
    ├─ assigned to → Codertocat (account, since 2024-01-01, shown elsewhere)
    │    says issue codertocat/hello-world#51
    ├─ refers to → octocat (login, not seen yet, 70 %, since 2024-01-01)
    │    says issue codertocat/hello-world#51
    ├─ part of → Codertocat/Hello-World (repository, since 2024-01-01)
    │    says issue codertocat/hello-world#51
    └─ part of → v1.0 (milestone, since 2024-01-01)
         says issue codertocat/hello-world#51

    7 nodes, 11 edges
    "
  `)
  const url = await graph("https://github.com/Codertocat/Hello-World/issues/51", "--hops", "2")
  expect(url.stdout).toBe(stdout)
})

test("programs get the nodes and the edges as JSON", async () => {
  const { root, nodes, edges, cut } = JSON.parse((await graph("eng-12", "--json")).stdout)
  expect(nodes[0]).toMatchObject({ id: root, kind: "issue_key", name: "ENG-12", seen: false })
  expect(edges).toEqual([
    expect.objectContaining({ type: "REFERENCES", from: nodes[1].id, to: root, confidence: 0.9, until: null }),
  ])
  expect(edges[0].evidence[0]).toMatchObject({ source: "github", kind: "issue", title: "Login is slow" })
  expect(cut).toEqual([])
})

test("a name that nothing goes by is an error that says what might be meant", async () => {
  const wrong = await graph("hello-wor")
  expect(wrong).toMatchObject({ code: 2, stdout: "" })
  expect(wrong.stderr).toContain("nothing goes by hello-wor; did you mean repository Codertocat/Hello-World")
  const nothing = await graph("xyzzy", "--workspace", "acme")
  expect(nothing.stderr.trim()).toBe(
    "engram: nothing goes by xyzzy; try owner/repo#12, a key, an address, or an alias as type:value",
  )
  expect(await graph("ENG-12", "--workspace", "nobody")).toMatchObject({ code: 2 })
})
