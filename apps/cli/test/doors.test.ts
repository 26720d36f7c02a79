import { createSealer } from "@engram/store/sealing"
import { expect, test } from "vitest"
import { install, run } from "./cli-fixture.ts"

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
