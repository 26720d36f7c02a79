import { createServer, type RequestListener, type Server } from "node:http"
import { createS3Artifacts, type S3ArtifactsOptions } from "@engram/s3/s3-artifacts"
import { artifactStorePromises } from "@engram/testkit/artifact-store-promises"
import { startS3, type TestS3 } from "@engram/testkit/s3"
import { waitUntil } from "@engram/testkit/wait-until"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"

let s3: TestS3
const closers: (() => void)[] = []

function open(changes: Partial<S3ArtifactsOptions> = {}) {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = s3
  const credentials = { accessKeyId, secretAccessKey }
  const artifacts = createS3Artifacts({ endpoint, bucket, region: "us-east-1", credentials, ...changes })
  closers.push(artifacts.close)
  return artifacts
}

/** A server that answers as `listener` does: for what no real server does on demand. */
async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`
}

beforeAll(async () => {
  s3 = await startS3()
})
afterEach(() => {
  for (const close of closers.splice(0)) close()
})
afterAll(() => s3.stop())

describe("artifacts in S3", () => {
  artifactStorePromises(open)

  test("a bucket that is not there, and keys that are refused, are said in words", async () => {
    const missing = open({ bucket: "nobody-made-this" })
    await expect(missing.check()).rejects.toThrow("there is no such bucket: create it, or check S3_BUCKET")
    await expect(missing.put("a", Buffer.from("1"))).rejects.toMatchObject({ code: "artifacts_refused" })
    await expect(missing.get("a")).rejects.toThrow("there is no such bucket")
    const unknown = open({ credentials: { accessKeyId: "nobody", secretAccessKey: "wrong" } })
    await expect(unknown.put("a", Buffer.from("1"))).rejects.toThrow("check AWS_ACCESS_KEY_ID and S3_ENDPOINT")
    await expect(unknown.check()).rejects.toThrow("access is denied")
  })

  test("a secret that does not fit its key is said in words", async () => {
    const body = "<Error><Code>SignatureDoesNotMatch</Code><Message>does not match</Message></Error>"
    const endpoint = await serve((_, response) => {
      response.writeHead(403, { "content-type": "application/xml" }).end(body)
    })
    const artifacts = open({ endpoint })
    await expect(artifacts.get("a")).rejects.toMatchObject({ name: "Rejected", code: "artifacts_refused" })
    await expect(artifacts.put("a", Buffer.from("1"))).rejects.toThrow("check AWS_SECRET_ACCESS_KEY")
  })

  test("an outage is RetryLater, fails fast after 5, and ends when the server is back with its data", async () => {
    const artifacts = open()
    await artifacts.put("kept", Buffer.from("1"))
    await s3.kill()
    for (let i = 0; i < 5; i++) await expect(artifacts.get("kept")).rejects.toMatchObject({ name: "RetryLater" })
    const startedAt = performance.now()
    await expect(artifacts.put("other", Buffer.from("1"))).rejects.toMatchObject({ name: "RetryLater" })
    expect(performance.now() - startedAt).toBeLessThan(100)
    await s3.restart()
    await waitUntil("the breaker closes", () => artifacts.check().then(yes, no))
    expect(Buffer.from((await artifacts.get("kept"))!).toString()).toBe("1")
  })

  test("throttling is retried by the SDK, and is RetryLater when it does not end", async () => {
    let requests = 0
    const slowDown = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
    const endpoint = await serve((_, response) => {
      requests += 1
      response.writeHead(503, { "content-type": "application/xml" }).end(slowDown)
    })
    await expect(open({ endpoint }).get("a")).rejects.toMatchObject({ name: "RetryLater" })
    expect(requests).toBe(3)
  })

  test("a server that never answers is RetryLater after its time", async () => {
    const endpoint = await serve(() => {})
    const artifacts = open({ endpoint, requestTimeoutMs: 200, attemptsMax: 2 })
    const startedAt = performance.now()
    await expect(artifacts.put("a", Buffer.from("1"))).rejects.toMatchObject({ name: "RetryLater" })
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })

  test("an answer torn in the middle is RetryLater, not a short artifact", async () => {
    const endpoint = await serve((_, response) => {
      response.writeHead(200, { "content-length": "1000" })
      response.write("half")
      response.destroy()
    })
    await expect(open({ endpoint }).get("a")).rejects.toMatchObject({ name: "RetryLater" })
  })
})

const yes = () => true
const no = () => false
