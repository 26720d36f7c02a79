import { createConnections } from "@engram/store/connections"
import { createDatabase, createPool } from "@engram/store/database"
import { createSealer } from "@engram/store/sealing"
import { expect, test } from "vitest"
import { afterwards, install, run } from "./cli-fixture.ts"

// Each command is a process of its own, which takes seconds while the machine is busy.
const manyCommandsMs = 240_000

const main = ["--workspace", "acme", "--store", "main"]

test(
  "connecting again gives the same door and secret; a rotation keeps two secrets until it is settled",
  async () => {
    const { json, ok, environment } = await install()
    const first = await json("connect", "github", ...main, "--url", "https://hooks.example.org/")
    expect(first.created).toBe(true)
    expect(first.url).toBe(`https://hooks.example.org/v1/webhooks/github/${first.connectionId}`)
    expect(first.secret).toMatch(/^[0-9a-f]{64}$/)

    const again = await json("connect", "github", ...main)
    expect(again).toMatchObject({
      connectionId: first.connectionId,
      secret: first.secret,
      created: false,
      secretsValid: 1,
    })
    const rotated = await json("connect", "github", ...main, "--rotate")
    expect(rotated).toMatchObject({ connectionId: first.connectionId, secretsValid: 2 })
    expect(rotated.secret).not.toBe(first.secret)
    const settled = await json("connect", "github", ...main, "--settle")
    expect(settled).toMatchObject({ secret: rotated.secret, secretsValid: 1 })

    const given = await json("connect", "github", ...main, "--secret", "chosen by me")
    expect(given).toMatchObject({ secret: "chosen by me", secretsValid: 2 })
    expect(await ok("connect", "github", ...main)).toContain("chosen by me")

    const nothing = await run(["connect", "github", "--workspace", "acme", "--store", "other", "--rotate"], environment)
    expect(nothing).toMatchObject({ code: 1, stderr: expect.stringContaining("nothing to rotate") })
  },
  manyCommandsMs,
)

test(
  "under another key nothing is connected, and a connection given a new secret says what it lost",
  async () => {
    const { json, ok, rows, environment } = await install()
    const first = await json("connect", "github", ...main, "--secret", "the old secret", "--token", "ghp_old")
    const elsewhere = { ...environment, ENGRAM_SECRET_KEY: "a key that somebody made up" }
    const under = (...args: string[]) => run(["connect", "github", ...args], elsewhere)
    const other = ["--workspace", "acme", "--store", "other"]
    for (const args of [other, [...other, "--secret", "chosen by me"], main, [...main, "--settle"]]) {
      const refused = await under(...args)
      expect(refused).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("--rotate") })
      expect(refused.stderr).toContain("ENGRAM_SECRET_KEY (or secret.key in the data directory) is not the key")
    }
    expect(await rows("select name from stores")).toEqual([{ name: "main" }])
    expect((await json("connect", "github", ...main)).secret).toBe("the old secret")

    const rotated = await under(...main, "--rotate")
    expect(rotated).toMatchObject({ code: 0, stderr: "" })
    for (const words of [
      "ENGRAM_SECRET_KEY did not open it: secret, token.",
      "The secret before no longer counts",
      "(token): engram connect github --workspace acme --store main --token …",
    ])
      expect(rotated.stdout).toContain(words)
    const again = await under(...main, "--token", "ghp_new", "--json")
    expect(JSON.parse(again.stdout)).toMatchObject({
      connectionId: first.connectionId,
      secretsValid: 1,
      credentials: ["token"],
      dropped: [],
    })
    expect(await under(...other)).toMatchObject({ code: 0 })

    const back = await ok("connect", "github", ...main, "--secret", "given again", "--token", "ghp_again")
    expect(back).toContain("did not open it: secret, token.")
    expect(back).not.toContain("Give again")
  },
  manyCommandsMs,
)

test(
  "Slack brings its own secret; the door tells which URL and which events to enter there",
  async () => {
    const { json, ok } = await install()
    const secret = ["--secret", "8f742231b10e8888abcd99yyyzzz85a5"]
    const door = await json("connect", "slack", ...main, ...secret, "--url", "https://hooks.example.org")
    expect(door).toMatchObject({ source: "slack", secret: secret[1], secretsValid: 1 })
    expect(door.url).toBe(`https://hooks.example.org/v1/webhooks/slack/${door.connectionId}`)
    const words = await ok("connect", "slack", ...main, ...secret)
    for (const said of ["signing secret", "Request URL", "message.channels", "message.groups"])
      expect(words).toContain(said)
  },
  manyCommandsMs,
)

test(
  "a token for the source's API is kept sealed, read from standard input too, and never shown",
  async () => {
    const { json, rows, environment } = await install()
    const connect = ["connect", "github", ...main, "--token"]
    const first = await json(...connect, "ghp_on_the_line")
    expect(first.credentials).toEqual(["token"])
    const again = await run([...connect, "-"], environment, "ghp_from_input\n")
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("Kept sealed for its API: token.") })
    const [row] = await rows<{ all: string; token: string }>(
      "select c::text as all, credentials ->> 'token' as token from connections c",
    )
    expect(`${JSON.stringify(first)} ${again.stdout} ${row!.all}`).not.toContain("ghp_")
    expect(createSealer(environment.ENGRAM_SECRET_KEY!).open(row!.token, `${first.connectionId} token`)).toBe(
      "ghp_from_input",
    )
    expect(await run([...connect, "-"], environment, "\n")).toMatchObject({ code: 2 })
    const unsendable = await run([...connect, "-"], environment, "ghp_from\ninput\n")
    expect(unsendable).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--token holds what no token has: expected letters, digits and signs of ASCII"),
    })
    expect(unsendable.stderr).not.toContain("ghp_")
  },
  manyCommandsMs,
)

test(
  "the token that Notion's handshake brings is shown when it has come, and let go on request",
  async () => {
    const { json, ok, rows, database, environment } = await install()
    const first = await ok("connect", "notion", ...main, "--token", "ntn_secret")
    expect(first).toContain("none yet: run this command again")
    expect(first).toContain("Create a subscription")
    const { connectionId } = await json("connect", "notion", ...main)
    const pool = createPool(database.url, { connectionsMax: 1, applicationName: "handshake" })
    afterwards(() => pool.end())
    const sealer = createSealer(environment.ENGRAM_SECRET_KEY!)
    const connections = createConnections({ database: createDatabase(pool), sealer })
    const connection = await connections.find(connectionId)
    expect(connection).toMatchObject({ secrets: [], credentials: { token: "ntn_secret" } })
    expect(await connections.adopt(connection!, "secret_from_notion")).toBe(true)

    expect(await ok("connect", "notion", ...main)).toMatch(/token sent +secret_from_notion/)
    expect(await json("connect", "notion", ...main)).toMatchObject({
      secret: "secret_from_notion",
      credentials: ["token"],
    })
    expect(await ok("connect", "notion", ...main, "--rotate")).toContain("none yet")

    const door = `'${connectionId}', 'acme', '${connection!.storeId}', 'notion', 'page'`
    await rows(`insert into wanted_fetches (connection_id, workspace_id, store_id, source, kind, thing_id, wanted_at, covered_at, answer, reason, answered_at)
      values (${door}, 'p1', 2, 1, 'later', 'Notion answered 503', now()), (${door}, 'p2', 2, 2, 'missing', 'not found (404)', now()),
             (${door}, 'p3', 2, 2, 'found', null, now())`)
    const status = await ok("status")
    expect(status).toMatch(/fetches +1 owed, 1 found, 1 not shown/)
    expect(status).toMatch(/notion page p2 +missing +not found \(404\)/)
    expect(status).toMatch(/notion page p1 +again now +Notion answered 503/)
    expect((await json("status")).unansweredFetches).toHaveLength(2)
  },
  manyCommandsMs,
)

test(
  "a sender that makes the secret itself is told the URL first, and its secret is given afterwards",
  async () => {
    const { json, ok, environment } = await install()
    const first = await json("connect", "linear", ...main, "--url", "https://hooks.example.org")
    expect(first).toMatchObject({ created: true, secret: "", secretsValid: 0 })
    expect(first.url).toBe(`https://hooks.example.org/v1/webhooks/linear/${first.connectionId}`)
    expect(await ok("connect", "linear", ...main)).toMatch(/none yet: connect again with --secret[\s\S]+New webhook/)

    const given = await json("connect", "linear", ...main, "--secret", "lin_wh_from_linear")
    expect(given).toMatchObject({ connectionId: first.connectionId, secret: "lin_wh_from_linear", secretsValid: 1 })
    const rotated = await json("connect", "linear", ...main, "--secret", "lin_wh_the_next", "--rotate")
    expect(rotated).toMatchObject({ secret: "lin_wh_the_next", secretsValid: 2 })

    const nothing = await run(["connect", "linear", ...main, "--rotate"], environment)
    expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining("give the new one with --secret") })
  },
  manyCommandsMs,
)

test(
  "a key is shown once, kept as a hash, listed without it, and revoked",
  async () => {
    const { json, ok, rows, environment } = await install()
    const made = await json(
      "keys",
      "create",
      ...main,
      "--action",
      "write,search",
      "--name",
      "bot",
      "--scope",
      "scp_secret",
    )
    expect(made.key).toMatch(/^engram_sk_/)
    expect(JSON.stringify(await rows("select * from api_keys"))).not.toContain(made.key)
    expect(await rows("select name, actions, scope_ids, revoked_at from api_keys")).toEqual([
      { name: "bot", actions: ["write", "search"], scope_ids: ["scp_secret"], revoked_at: null },
    ])

    const listed = await ok("keys", "list")
    expect(listed).toMatch(new RegExp(`${made.id} +bot +acme/main +write, search +1 .*valid`))
    expect(listed).not.toContain(made.key)
    expect(await json("keys", "revoke", made.id)).toEqual({ revoked: made.id })
    expect(await ok("keys", "list")).toMatch(/revoked/)
    expect(await run(["keys", "revoke", "key_none"], environment)).toMatchObject({ code: 1, stdout: "" })
  },
  manyCommandsMs,
)

test(
  "a scope is granted by its name, and one that is not there is refused",
  async () => {
    const { json, rows, environment } = await install()
    await json("connect", "github", ...main)
    await rows(`insert into scopes (id, workspace_id, source, key, kind, name, privacy, at)
    values ('scp_1', 'acme', 'github', 'repository:1', 'repository', 'acme/secret', 'private', 0)`)
    const made = await json("keys", "create", ...main, "--action", "search", "--scope", "acme/secret")
    expect(made.scopes).toEqual(["scp_1"])
    const refused = await run(["keys", "create", ...main, "--action", "search", "--scope", "acme/other"], environment)
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("its private ones: acme/secret") })
  },
  manyCommandsMs,
)

test(
  "no door is opened into a workspace that was forgotten, since nothing that came through it would be kept",
  async () => {
    const { ok, rows, environment } = await install()
    await ok("connect", "github", ...main)
    await ok("forget", "--workspace", "acme", "--yes")
    for (const args of [
      ["connect", "github", ...main],
      ["connect", "linear", ...main],
      ["keys", "create", ...main, "--action", "write"],
    ]) {
      const refused = await run(args, environment)
      expect(refused).toMatchObject({ code: 1, stdout: "" })
      expect(refused.stderr).toMatch(/acme was forgotten on \d{4}-\d\d-\d\d: nothing that it is sent is kept/)
    }
    expect(await rows("select id from connections union all select id from api_keys")).toEqual([])
    await ok("connect", "github", "--workspace", "acme-two", "--store", "main")
  },
  manyCommandsMs,
)
