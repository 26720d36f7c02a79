import type { startCohereServer } from "@engram/testkit/cohere-server"
import type { startPineconeServer } from "@engram/testkit/pinecone-server"
import type { startS3 } from "@engram/testkit/s3"

interface StandIns {
  readonly s3: Awaited<ReturnType<typeof startS3>>
  readonly pinecone: Awaited<ReturnType<typeof startPineconeServer>>
  readonly cohere: Awaited<ReturnType<typeof startCohereServer>>
}

/** The settings by which a process uses these in place of the services. */
export const settingsOf = ({ s3, pinecone, cohere }: StandIns) => ({
  S3_BUCKET: s3.bucket,
  S3_ENDPOINT: s3.endpoint,
  AWS_ACCESS_KEY_ID: s3.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  PINECONE_API_KEY: pinecone.apiKey,
  PINECONE_CONTROLLER_HOST: pinecone.url,
  COHERE_API_KEY: cohere.apiKey,
  COHERE_BASE_URL: cohere.url,
})
