import type { EntityDraft } from "@engram/contracts/graph"
import { expect, test } from "vitest"
import { draftsOf, example } from "./delivery.ts"

const push = (change: (payload: ReturnType<typeof example>) => void) => {
  const payload = example("push", 4)
  change(payload)
  return draftsOf("push", payload)
}
const account = (entities: readonly EntityDraft[], id: number): EntityDraft | undefined =>
  entities.find(({ kind, alias }) => kind === "account" && alias.type === "github:user" && alias.value === String(id))
const commit = (author: object) => ({
  id: "b".repeat(40),
  message: "Speed up the index",
  timestamp: "2026-01-01T00:00:00Z",
  author,
  committer: { name: "GitHub", email: "noreply@github.com", username: "web-flow" },
})
const mona = { id: 7, login: "Mona", type: "User" }
const pushed = (author: object, pusher: object = {}) =>
  push((payload) => {
    const one = commit(author)
    Object.assign(payload, { commits: [one], head_commit: one, sender: mona, pusher, ref: "refs/heads/master" })
    Object.assign(payload.repository as object, { default_branch: "master" })
  })

test("a commit's name and address are the pusher's own words: a hint, never a verified address", () => {
  const { entities } = pushed({ name: "Mona Lisa", email: "mona@acme.example", username: "mona" })
  const found = account(entities, 7)
  expect(found?.fields).toMatchObject({
    handle: "Mona",
    name: "Mona Lisa",
    commitEmail: "mona@acme.example",
    bot: false,
  })
  expect(found?.fields).not.toHaveProperty("email")
  expect(found?.fields).not.toHaveProperty("emailVerified")
  expect(found?.aliases).toEqual([{ type: "github:login", value: "mona" }])
})

test("who pushes others' commits is known by what GitHub says of the pusher, as a hint", () => {
  const others = { name: "Ada", email: "ada@acme.example", username: "ada" }
  const { entities } = pushed(others, { name: "mona", email: "mona@acme.example" })
  expect(account(entities, 7)?.fields).toMatchObject({ commitEmail: "mona@acme.example" })
  expect(account(entities, 7)?.fields).not.toHaveProperty("name")
  expect(account(entities, 7)?.fields).not.toHaveProperty("emailVerified")
  expect(account(pushed(others, { name: "deploy-key" }).entities, 7)?.fields).not.toHaveProperty("commitEmail")
})

test("another author's address is not the pusher's", () => {
  const { entities } = pushed({ name: "Ada", email: "ada@acme.example", username: "ada" })
  expect(account(entities, 7)?.fields).not.toHaveProperty("commitEmail")
  expect(account(pushed({ name: "Ada", email: "mona@acme.example" }).entities, 7)?.fields).not.toHaveProperty(
    "commitEmail",
  )
})

test("the owner of a pushed repository is not named by its login, nor does its address count", () => {
  const { entities } = push(() => {})
  const owner = account(entities, 21031067)
  expect(owner?.fields).not.toHaveProperty("email")
  expect(owner?.fields.handle).toBe("Codertocat")
})

test("an author whose private address names the account is that account, also after a rename", () => {
  const authors = (author: object) =>
    pushed(author).moments[0]!.links.flatMap(({ type, to }) => (type === "AUTHORED_BY" ? [to] : []))
  expect(authors({ email: "583231+octocat@users.noreply.github.com", username: "octocat-renamed" })).toEqual([
    { type: "github:user", value: "583231" },
  ])
  expect(authors({ email: "octocat@users.noreply.github.com", username: "Octocat" })).toEqual([
    { type: "github:login", value: "octocat" },
  ])
  expect(authors({ email: "583231+octocat@users.noreply.github.com.evil.example" })).toEqual([])
})

test("the address in a user's profile is verified; an organization's, a bot's and a made-up one are not taken", () => {
  const member = (user: object) => {
    const payload = example("member", 0)
    payload.member = { ...mona, ...user }
    return account(draftsOf("member", payload).entities, 7)!
  }
  expect(member({ email: "Mona@acme.example" })).toMatchObject({
    fields: { email: "Mona@acme.example", emailVerified: true },
    aliases: [
      { type: "github:login", value: "mona" },
      { type: "email:address", value: "mona@acme.example" },
    ],
  })
  for (const user of [
    { email: "hello@acme.example", type: "Organization" },
    { email: "ci@acme.example", type: "Bot" },
    { email: "7+mona@users.noreply.github.com" },
    { email: "" },
    { email: null },
  ])
    expect(member(user).fields).not.toHaveProperty("email")
  expect(member({ type: "Organization" }).fields.organization).toBe(true)
})
