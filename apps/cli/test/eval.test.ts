import { startBraintrustServer } from "@engram/testkit/braintrust-server"
import { expect, test } from "vitest"
import { afterwards, type Installation, install, run } from "./cli-fixture.ts"

// Each command is a process of its own, which takes seconds while the machine is busy.
const manyCommandsMs = 240_000

/** A store with two documents that full text finds. */
async function withDocuments() {
  const installed = await install()
  await installed.rows("insert into workspaces (id) values ('acme')")
  await installed.rows("insert into stores (id, workspace_id, name) values ('sto_main', 'acme', 'main')")
  await installed.rows(
    "insert into scopes (id, workspace_id, source, key, kind, name, privacy, at) values ('scp_1', 'acme', 'github', 'r', 'repository', 'r', 'org', 0)",
  )
  await document(installed, "parser", "Drop the old parser")
  await document(installed, "importer", "Retry the importer")
  return installed
}

async function document({ rows }: Pick<Installation, "rows">, name: string, title: string): Promise<void> {
  await rows(
    `insert into knowledge_documents (id, workspace_id, store_id, source, source_id, alias_id, kind, title, url, scope_id, version, live)
     values ('doc_${name}', 'acme', 'sto_main', 'github', '${name}#1', 'als_${name}', 'issue', '${title}',
             'https://github.com/acme/${name}/issues/1', 'scp_1', 1, true)`,
  )
  await rows(
    `insert into knowledge_chunks (id, workspace_id, store_id, document_id, part_id, position, section, text, text_hash, tokens, version_from, occurred_at)
     values ('chk_${name}', 'acme', 'sto_main', 'doc_${name}', 'body', 0, '', '${title}', '${name}', 4, 1, now())`,
  )
}

const placed = ["--workspace", "acme", "--store", "main"] as const

test(
  "questions are kept, asked, compared with the last run, seen to fall, and removed",
  async () => {
    const { ok, json, rows } = await withDocuments()
    const url = "https://github.com/acme/parser/issues/1"
    const added = await json("eval", "add", "old", "parser?", "--expect", url, ...placed)
    expect(added).toMatchObject({ added: true, documentId: "doc_parser", title: "Drop the old parser" })
    expect(await ok("eval", "add", "old parser?", "--expect", "doc_parser", ...placed)).toContain("was there already")
    await ok("eval", "add", "importer retry", "--expect", "github:importer#1", ...placed)
    expect(await ok("eval", "list", ...placed)).toMatch(/evq_\w+ +old parser\? +Drop the old parser/)

    const first = await ok("eval", "run", ...placed)
    expect(first).toMatch(/rank +last +question +expects\n1 +old parser\?/)
    expect(first).toMatch(/recall@10 +1\.000 +2 questions/)

    await rows("update knowledge_chunks set version_to = 1 where id = 'chk_importer'")
    const { run: second, last } = await json("eval", "run", ...placed)
    expect(last.figures.recallAt10).toBe(1)
    expect(second.figures.recallAt10).toBe(0.5)
    const third = await ok("eval", "run", ...placed)
    expect(third).toMatch(/not in 10 +not in 10 +importer retry/)

    const history = await ok("eval", "history", ...placed)
    expect(history).toMatch(/operator +2 +0\.500 +0\.500 +0\.500 +– +– +recall@5 fell, recall@10 fell, MRR fell/)
    expect((await json("eval", "history", "--limit", "1", ...placed)).runs).toHaveLength(1)

    const status = await ok("status")
    expect(status).toMatch(/acme\/main answers: recall@5 0\.500, recall@10 0\.500, MRR 0\.500 \(/)
    expect(status).toMatch(/acme\/main: recall@5 fell from 1\.000 to 0\.500, .*`engram eval history`/)

    expect(await ok("eval", "remove", added.id)).toContain(`${added.id}: removed`)
    expect((await json("eval", "list", ...placed)).queries).toHaveLength(1)
  },
  manyCommandsMs,
)

test(
  "what makes no sense is answered in one clear line",
  async () => {
    const { environment, rows } = await withDocuments()
    const refused = async (code: number, words: RegExp, ...args: string[]) => {
      const ended = await run(["eval", ...args], environment)
      expect(ended).toMatchObject({ code, stdout: "" })
      expect(ended.stderr).toMatch(words)
      expect(ended.stderr.trim().split("\n")).toHaveLength(1)
    }
    await refused(2, /acme\/main has no document doc_none/, "add", "why?", "--expect", "doc_none", ...placed)
    await refused(2, /required option '--expect <document>'/, "add", "why?", ...placed)
    await refused(2, /the question cannot be used/, "add", "  ", "--expect", "doc_parser", ...placed)
    await refused(2, /there is no such store/, "list", "--workspace", "other")
    await refused(2, /acme has no question evq_none/, "remove", "evq_none")
    await refused(1, /there is nothing to measure: No question is kept/, "run", ...placed)
    await refused(2, /whole number from 1 to 1000/, "history", "--limit", "0", ...placed)
    await rows("update knowledge_documents set live = false where id = 'doc_parser'")
    await refused(2, /was removed at its source/, "add", "why?", "--expect", "doc_parser", ...placed)
  },
  manyCommandsMs,
)

test(
  "a run by hand is shown in Braintrust too, and is a run all the same while that is away",
  async () => {
    const { environment, rows } = await withDocuments()
    const server = await startBraintrustServer()
    afterwards(() => server.close())
    const also = { ...environment, BRAINTRUST_API_KEY: server.apiKey, BRAINTRUST_APP_URL: server.url }
    await run(["eval", "add", "parser", "--expect", "doc_parser", ...placed], also)
    server.failNext({ status: 500 }, 1)
    const away = await run(["eval", "run", "--json", ...placed], also)
    expect(away.code).toBe(0)
    expect(away.stderr).toContain("evaluation not sent to its board")
    const shown = await run(["eval", "run", "--json", ...placed], also)
    expect([...server.experiments.keys()]).toEqual([JSON.parse(shown.stdout).run.id])
    expect(await rows("select from eval_runs where sent_at is not null")).toHaveLength(1)
    const doctor = await run(["doctor"], also)
    expect(doctor.stdout).toMatch(/✓ evaluations +in Postgres, and in Braintrust's project engram at http/)
  },
  manyCommandsMs,
)
