import type { Drafts } from "@engram/contracts/draft"
import { textHash } from "@engram/core/ids"
import { createRedactor, marksIn } from "@engram/core/redact/redactor"
import { plantedCredentials } from "@engram/testkit/planted-credentials"
import fc from "fast-check"
import { describe, expect, test } from "vitest"

const pseudonym = (contact: string) => textHash(`a key ${contact}`).slice(0, 16)
const redactor = (policy = {}) => {
  const found: string[] = []
  const made = createRedactor({
    policy: { emails: false, phones: null, ...policy },
    pseudonym,
    onFound: (rule) => void found.push(rule),
  })
  return { ...made, found }
}
const { text: redact } = redactor()
const drafts = (fields: object) =>
  ({ documents: [{ parts: [{ fields }] }], moments: [], entities: [], scopes: [] }) as unknown as Drafts

describe("a credential leaves a mark and nothing else of itself", () => {
  for (const { kind, text, secret } of plantedCredentials()) {
    test(kind, () => {
      for (const around of [
        `${text}`,
        `See ${text} there.`,
        `\`${text}\``,
        `- ${text}\n- more`,
        `("${text}")`,
        `key is\n\n    ${text}\n`,
      ]) {
        const after = redact(around)
        expect(after).toMatch(/\[redacted:[a-z0-9-]+\]/)
        for (let at = 0; at + 12 <= secret.length; at += 4) expect(after).not.toContain(secret.slice(at, at + 12))
        expect(redact(after)).toBe(after)
      }
    })
  }
})

test("what a text says around a credential stays", () => {
  const { text } = plantedCredentials()[0]!
  expect(redact(`Rotated ${text}, see #12.`)).toBe("Rotated [redacted:github-token], see #12.")
  const password = "q8Zr2vL0xN"
  expect(redact(`postgres://app:${password}@db:5432/x`)).toBe("postgres://app:[redacted:url-password]@db:5432/x")
})

test("a credential that was cut off by a summary leaves nothing of its first half", () => {
  for (const { text } of plantedCredentials().filter(({ kind }) =>
    /github|slack bot|stripe|jwt|postgres|anthropic/.test(kind),
  )) {
    const half = text.slice(0, Math.ceil(text.length / 2))
    const after = redact(`The token is ${half}…`)
    expect(after).not.toContain(half)
    expect(after).toMatch(/\[redacted:[a-z-]+\]…$/)
  }
  for (const text of ["Deployed to https://example.org:8080…", "It is a well known problem with the cache…"])
    expect(redact(text)).toBe(text)
})

test("prose, code, hashes, versions, keys of other kinds stay as they are", () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: variables of shells, as texts hold them
  for (const text of [
    "Fixes #12, see https://github.com/acme/site/pull/7 and ENG-123.",
    "commit 6dcb09b5b57875f334f61aebed695e2e4193db5e",
    "Bump lodash from 4.17.20 to 4.17.21, `UTF-8`, SHA-256, CVE-2024-1234",
    "the password: must be rotated; the token: is refreshed every hour",
    "const token: Token = readToken(); secret = process.env.SECRET; password=${PASSWORD}",
    "primary_key: user_id, cache key: `document:doc_6f2a`, foreign key = orders.customer_id",
    "postgres://user:${PASSWORD}@host/db and https://user@host/x and https://host:8080/a@b",
    "git@github.com:acme/site.git",
    "uuid 123e4567-e89b-42d3-a456-426614174000, session 2026-03-01T12:00:00Z",
    "The bearer of bad news. Authorization: required",
    "[redacted:github-token] [redacted:email:0123456789abcdef]",
  ]) {
    expect(redact(text)).toBe(text)
  }
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above
})

test("doing it again changes nothing, whatever the text", () => {
  const planted = plantedCredentials().map(({ text }) => text)
  const piece = fc.oneof(
    fc.constantFrom(
      ...planted,
      "jo@acme.com",
      "+1 415 555 2671",
      "password=",
      "token: ",
      "://",
      "@",
      "…",
      "[redacted:jwt]",
      "[redacted:",
    ),
    fc.string(),
  )
  const all = redactor({ emails: true, phones: "US" })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom("", " ", "\n"), (pieces, by) => {
      const once = all.text(pieces.join(by))
      expect(all.text(once)).toBe(once)
    }),
    { numRuns: 1_000 },
  )
})

test("every text of a draft is seen, also names of members, and what holds nothing is not copied", () => {
  const { text, secret } = plantedCredentials()[0]!
  const places = [
    { title: text },
    { metadata: { deep: [{ er: [`a ${text}`] }] } },
    { metadata: { [text]: 1 } },
    { labels: ["a", text] },
  ]
  for (const place of places) {
    const after = JSON.stringify(redactor().drafts(drafts(place)))
    expect(after).not.toContain(secret)
    expect(after).toContain("[redacted:github-token]")
  }
  const clean = drafts({ title: "Nothing here", metadata: { key: "value", list: [1, null, "two"] } })
  expect(redactor().drafts(clean)).toBe(clean)
})

test("a member called a secret is one, whatever it looks like", () => {
  const after = redactor().drafts(
    drafts({
      metadata: { dbPassword: "hunter2", api_key: "abcd-efgh", password: "", passwordPolicy: "strict", token: "ERC20" },
    }),
  )
  expect(JSON.stringify(after)).toBe(
    JSON.stringify(
      drafts({
        metadata: {
          dbPassword: "[redacted:secret-field]",
          api_key: "[redacted:secret-field]",
          password: "",
          passwordPolicy: "strict",
          token: "ERC20",
        },
      }),
    ),
  )
})

describe("addresses and numbers of people", () => {
  const said = "Ask Jo <Jo.Bloggs@Acme.com>, jo.bloggs@acme.com, support@acme.com, +1 415 555 2671 or (415) 555-2671."
  test("stay unless the workspace says otherwise", () => expect(redact(said)).toBe(said))
  test("become pseudonyms: one for all ways to write one address, none for a mailbox of a function", () => {
    const hash = pseudonym("jo.bloggs@acme.com")
    expect(redactor({ emails: true }).text(said)).toBe(
      `Ask Jo <[redacted:email:${hash}]>, [redacted:email:${hash}], support@acme.com, +1 415 555 2671 or (415) 555-2671.`,
    )
  })
  test("numbers with a country code; with a country, also those that are dialled there", () => {
    expect(redactor({ phones: "international" }).text(said)).toContain(
      `[redacted:phone:${pseudonym("14155552671")}] or (415) 555-2671.`,
    )
    expect(redactor({ phones: "US" }).text(said)).not.toMatch(/\d{3}[ -]\d{4}/)
  })
  test("ids, dates, times, hashes and versions are no numbers of people", () => {
    for (const text of [
      "583231",
      "4155552671",
      "1355517523.000005",
      "2026-03-01 12:00:00",
      "1.22.333-4444",
      "#4155552671",
      "6dcb09b5b57875f3",
    ]) {
      expect(redactor({ phones: "US" }).text(text)).toBe(text)
    }
  })
  test("the address of an account keeps its domain, so that it still tells one account from another", () => {
    const { drafts: run } = redactor({ emails: true })
    const entity = {
      kind: "account",
      fields: { email: "Jo@Acme.com" },
      aliases: [{ type: "email:address", value: "jo@acme.com" }],
    }
    const after = run({ documents: [], moments: [], entities: [entity], scopes: [] } as unknown as Drafts)
    const address = `${pseudonym("jo@acme.com")}@acme.com`
    expect(after.entities[0]).toMatchObject({ fields: { email: address }, aliases: [{ value: address }] })
    expect(run(after)).toEqual(after)
  })
})

test("findings are told by their rule, and marks can be counted", () => {
  const { text, found } = redactor({ emails: true })
  const after = text(`${plantedCredentials()[0]!.text} and jo@acme.com`)
  expect(found).toEqual(["github-token", "email"])
  expect(marksIn(after)).toBe(2)
})

test("a megabyte made to be slow takes a second at most", () => {
  const long = 1_000_000
  const hostile = [
    "a",
    "-----BEGIN PRIVATE KEY-----\n",
    "://a:",
    "://",
    "eyJ",
    "eyJa.",
    "xoxb-",
    "ghs_1_",
    "password:",
    "secret_key=",
    "bearer a",
    "authorization: bearer ",
    "@",
    "a@a.",
    "+1 ",
    "(1",
    "1 ",
    "\\n",
    "[redacted:",
    "token=",
    "?token=",
    "A".repeat(40),
    "_authToken=",
  ]
  const { text } = redactor({ emails: true, phones: "US" })
  for (const piece of hostile) {
    const given = piece.repeat(long / piece.length)
    const started = process.cpuUsage()
    text(given)
    const ms = process.cpuUsage(started).user / 1_000
    // Eight times what the slowest takes on an idle machine.
    expect(ms, piece.slice(0, 30)).toBeLessThan(8_000)
  }
}, 120_000)
