import { expect, test } from "vitest"
import {
  accountNamedBy,
  isPublicDomain,
  loginNamedBy,
  looksShared,
  mailboxOf,
  normaliseAddress,
} from "../../src/identity/address.ts"

test("spellings of one address compare equal", () => {
  expect(normaliseAddress("  Mona.Lisa@Acme.Example ")).toBe("mona.lisa@acme.example")
  expect(normaliseAddress("mona@acme.example.")).toBe("mona@acme.example")
  expect(normaliseAddress("Jose\u0301@acme.example")).toBe(normaliseAddress("Jos\u00e9@acme.example"))
  expect(normaliseAddress("m.o.n.a@googlemail.com")).toBe("mona@gmail.com")
})

test("what may be another mailbox stays another address", () => {
  expect(normaliseAddress("mona.lisa@acme.example")).not.toBe(normaliseAddress("monalisa@acme.example"))
  expect(normaliseAddress("mona+ci@acme.example")).toBe("mona+ci@acme.example")
  expect(mailboxOf("mona+ci@acme.example")).toBe("mona@acme.example")
  // Looks alike, and is Cyrillic.
  expect(normaliseAddress("m\u043ena@acme.example")).not.toBe("mona@acme.example")
})

test.each([
  "",
  "mona",
  "mona@",
  "@acme.example",
  "mona@localhost",
  "mona@macbook.local",
  "a b@acme.example",
  "Mona <mona@acme.example>",
  `${"m".repeat(250)}@acme.example`,
])("%j is no address that anybody can have verified", (text) => expect(normaliseAddress(text)).toBeNull())

test("GitHub's private addresses name an account by its id, the older ones only a login", () => {
  expect(accountNamedBy("583231+octocat@users.noreply.github.com")).toEqual({ type: "github:user", value: "583231" })
  expect(loginNamedBy("583231+octocat@users.noreply.github.com")).toBe("octocat")
  expect(accountNamedBy("octocat@users.noreply.github.com")).toBeNull()
  expect(loginNamedBy("octocat@users.noreply.github.com")).toBe("octocat")
  for (const forged of [
    "583231+octocat@users.noreply.github.com.evil.example",
    "583231+octocat@evil-users.noreply.github.com",
    "0+x@users.noreply.github.com",
    "1e3+x@users.noreply.github.com",
  ])
    expect(accountNamedBy(forged)).toBeNull()
})

test("mailboxes of many or of nobody are known by their names", () => {
  for (const local of [
    "team",
    "Support",
    "no-reply",
    "noreply",
    "do_not_reply",
    "info",
    "dev-team",
    "team-payments",
    "support.eu",
    "on-call",
    "CI",
    "team+mona",
    "admin",
  ])
    expect([local, looksShared(normaliseAddress(`${local}@acme.example`)!)]).toEqual([local, true])
  for (const address of [
    "octocat@users.noreply.github.com",
    "mona@noreply.gitlab.example",
    "platform-x@googlegroups.com",
  ])
    expect([address, looksShared(address)]).toEqual([address, true])
  for (const local of ["mona", "mona.lisa", "devi", "steam.fan", "alison", "infante", "d.rossi", "mona+team"])
    expect([local, looksShared(`${local}@acme.example`)]).toEqual([local, false])
})

test("a domain that anybody may join says nothing", () => {
  for (const domain of ["gmail.com", "yahoo.co.uk", "outlook.de", "proton.me"])
    expect(isPublicDomain(domain)).toBe(true)
  for (const domain of ["acme.example", "yahoo.acme.example", "notgmail.com"])
    expect(isPublicDomain(domain)).toBe(false)
})
