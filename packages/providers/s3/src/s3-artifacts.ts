import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3"
import { assertArtifactKey, assertArtifactPrefix } from "@engram/contracts/artifact-key"
import { RetryLater } from "@engram/contracts/errors"
import type { ArtifactStore } from "@engram/contracts/ports"
import { traced } from "@engram/contracts/spans"
import { tellBreaker } from "@engram/patient-fetch/tell-breaker"
import { ConsecutiveBreaker, circuitBreaker, handleType } from "cockatiel"
import { translate } from "./translate.ts"

export interface S3ArtifactsOptions {
  readonly bucket: string
  readonly region: string
  /** An S3 service other than Amazon's. Buckets are then named in the path. */
  readonly endpoint?: string
  /** By default what the SDK finds: environment, profile, role. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** One request, of up to `attemptsMax`. */
  readonly requestTimeoutMs?: number
  readonly attemptsMax?: number
}

const breakerOpensAfter = 5
const breakerHalfOpensAfterMs = 5_000

/**
 * Artifacts in an S3 bucket. The SDK retries throttling, 5xx and network failures with backoff and jitter; what fails
 * still is `RetryLater`, at once while the service has failed 5 calls in a row. Wrong credentials, a missing
 * bucket and a refused request are `Rejected`.
 */
export function createS3Artifacts(options: S3ArtifactsOptions): ArtifactStore & { close(): void } {
  const { bucket, region, endpoint, credentials, requestTimeoutMs = 10_000, attemptsMax = 3 } = options
  const client = new S3Client({
    region,
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...(credentials ? { credentials } : {}),
    retryMode: "standard",
    maxAttempts: attemptsMax,
    // Without it the SDK only warns when a request takes too long.
    requestHandler: { connectionTimeout: 3_000, requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
    // The SDK's default trailer checksums are refused by many S3 services.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  })
  const breaker = circuitBreaker(handleType(RetryLater), {
    halfOpenAfter: breakerHalfOpensAfterMs,
    breaker: new ConsecutiveBreaker(breakerOpensAfter),
  })
  tellBreaker("S3", breaker)
  const deadlineMs = requestTimeoutMs * attemptsMax + 5_000

  /** The whole call, retries and the body included, ends within the deadline. */
  const call = async <T>(what: string, send: (options: { abortSignal: AbortSignal }) => Promise<T>): Promise<T> => {
    try {
      return await breaker.execute(async () => {
        try {
          const span = { name: `S3 ${what.split(" ", 1)[0]}`, kind: "client" as const, attributes: { bucket } }
          return await traced(span, () => send({ abortSignal: AbortSignal.timeout(deadlineMs) }))
        } catch (error) {
          throw translate(error, `${what} in bucket ${bucket}`)
        }
      })
    } catch (error) {
      throw translate(error, `${what} in bucket ${bucket}`)
    }
  }

  return {
    put: async (key, bytes) => {
      assertArtifactKey(key)
      await call(`put ${key}`, (how) =>
        client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }), how),
      )
    },
    get: async (key) => {
      assertArtifactKey(key)
      return call(`get ${key}`, async (how) => {
        try {
          const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), how)
          return await Body?.transformToByteArray()
        } catch (error) {
          if (error instanceof NoSuchKey) return undefined
          throw error
        }
      })
    },
    remove: async (key) => {
      assertArtifactKey(key)
      await call(`remove ${key}`, (how) => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), how))
    },
    stat: async (key) => {
      assertArtifactKey(key)
      return call(`stat ${key}`, async (how) => {
        try {
          const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), how)
          return { key, bytes: head.ContentLength ?? 0, modifiedAt: head.LastModified ?? new Date(0) }
        } catch (error) {
          if (error instanceof NotFound || error instanceof NoSuchKey) return undefined
          throw error
        }
      })
    },
    list: async function* (prefix) {
      assertArtifactPrefix(prefix)
      for (let token: string | undefined; ; ) {
        const asked = { Bucket: bucket, Prefix: prefix, ...(token === undefined ? {} : { ContinuationToken: token }) }
        const page = await call(`list ${prefix}`, (how) => client.send(new ListObjectsV2Command(asked), how))
        const found = (page.Contents ?? []).map(({ Key: key = "", Size: bytes = 0, LastModified }) => ({
          key,
          bytes,
          modifiedAt: LastModified ?? new Date(0),
        }))
        if (found.length > 0) yield found
        token = page.NextContinuationToken
        if (token === undefined) return
      }
    },
    check: async () => {
      await call("look", (how) => client.send(new HeadBucketCommand({ Bucket: bucket }), how))
    },
    close: () => client.destroy(),
  }
}
