import { generateKeyPairSync } from "node:crypto"
import type { GithubHook } from "@engram/testkit/github-data"
import { type GithubServer, startGithubServer } from "@engram/testkit/github-server"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createGithubClient, type GithubIdentity } from "../src/github-client.ts"
import { createGithubWebhookLog } from "../src/github-webhook-log.ts"
import { readHookAddress } from "../src/hook-address.ts"

const keys = generateKeyPairSync("rsa", { modulusLength: 2048 })
const privateKey = keys.privateKey.export({ type: "pkcs1", format: "pem" }).toString()
const publicKey = keys.publicKey.export({ type: "spki", format: "pem" }).toString()

let server: GithubServer
beforeAll(async () => {
  server = await startGithubServer({ app: { id: "42", publicKey } })
})
afterAll(() => server.close())

const hour = 3_600_000

function addHook(path: string, hours: readonly number[]): GithubHook & { sent: string[] } {
  const sent: string[] = []
  const deliveries = hours.map((hoursAgo, index) => ({
    ...{
      id: 1_000 - index,
      guid: `guid-${index}`,
      redelivery: false,
      duration: 0.1,
      event: "issues",
      action: "opened",
    },
    ...{ installation_id: null, repository_id: 7, throttled_at: null },
    delivered_at: new Date(Date.now() - hoursAgo * hour).toISOString(),
    ...(index % 2 === 0
      ? { status: "OK", status_code: 202 }
      : { status: "Invalid HTTP Response: 503", status_code: 503 }),
  }))
  const hook = { path, deliveries, sent, deliver: async (guid: string) => (sent.push(guid) > 0 ? 202 : 500) }
  server.hooks.push(hook)
  return hook
}

const logOf = (hook: string, identity: GithubIdentity = { token: server.token }) =>
  createGithubWebhookLog({
    client: createGithubClient({ identity, apiUrl: server.url, timeoutMs: 5_000, retryBaseMs: 1 }),
    hook,
  })

describe.each([
  ["a repository's", "repos/octo-org/hello/hooks/7"],
  ["an organization's", "orgs/octo-org/hooks/8"],
  ["an app's", "app/hook"],
])("%s webhook", (_, path) => {
  const identity = (): GithubIdentity => (path === "app/hook" ? { appId: "42", privateKey } : { token: server.token })

  test("tells its attempts, page after page, as far back as is asked and no page further", async () => {
    const hook = addHook(
      path,
      Array.from({ length: 450 }, (__, i) => i / 10),
    )
    const before = server.requests.length
    const attempts = await logOf(path, identity()).attempts(new Date(Date.now() - 24.55 * hour))
    expect(attempts).toHaveLength(246)
    expect(attempts[1]).toEqual({
      ...{ id: "999", deliveryKey: "guid-1", event: "issues.opened", succeeded: false },
      ...{ at: expect.any(Date), ended: "503 Invalid HTTP Response: 503" },
    })
    expect(attempts.filter(({ succeeded }) => succeeded)).toHaveLength(123)
    expect(server.requests.length - before).toBe(3)

    await logOf(path, identity()).redeliver("999")
    expect(hook.sent).toEqual(["guid-1"])
    expect(
      (await logOf(path, identity()).attempts(new Date(Date.now() - hour / 20))).map((each) => each.deliveryKey),
    ).toEqual(["guid-1", "guid-0"])
  })
})

test("what GitHub refuses is told in our words", async () => {
  addHook("repos/octo-org/old/hooks/9", [0, 90])
  const log = logOf("repos/octo-org/old/hooks/9")
  await expect(log.redeliver("999")).rejects.toMatchObject({ name: "Rejected", code: "request_refused" })
  await expect(logOf("repos/octo-org/none/hooks/1").attempts(new Date())).rejects.toMatchObject({ code: "not_found" })
  const stranger = { appId: "43", privateKey }
  await expect(logOf("app/hook", stranger).attempts(new Date())).rejects.toMatchObject({ code: "credentials_refused" })
  server.failNext({ status: 403, retryAfterSeconds: 9 })
  await expect(log.attempts(new Date())).rejects.toMatchObject({ name: "RetryLater", afterMs: 9_000 })
})

test.each([
  ["octo-org/hello/7", "repos/octo-org/hello/hooks/7"],
  ["repos/octo-org/hello.js/hooks/7", "repos/octo-org/hello.js/hooks/7"],
  ["https://github.com/octo-org/hello/settings/hooks/7", "repos/octo-org/hello/hooks/7"],
  ["octo-org/8", "orgs/octo-org/hooks/8"],
  ["https://github.com/organizations/octo-org/settings/hooks/8", "orgs/octo-org/hooks/8"],
  ["app", "app/hook"],
  [" app/hook ", "app/hook"],
])("a webhook is named as people do: %s", (text, path) => {
  expect(readHookAddress(text)).toBe(path)
})

test.each(["", "7", "octo-org", "octo-org/hello", "octo-org/hello/seven", "a/b/c/7"])("%s names none", (text) => {
  expect(() => readHookAddress(text)).toThrow(/names no webhook/)
})
