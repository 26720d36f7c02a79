import { FailureAnswer, failureCodes } from "@engram/contracts/memories"
import { z } from "zod"
import type { Operation } from "./operation.ts"

/** The failures that any endpoint may answer; health has its own 503. */
const failures: { readonly [status: number]: string } = {
  400: "something in the request is not as the contract has it: `message` says what, `details` the first twenty such things",
  403: "the memory belongs to another namespace, or the request came from a web page",
  404: "there is no such namespace or memory",
  408: "the request did not come to its end in time",
  413: "the body is too large",
  415: "the content type is no media type, or the body is compressed",
  500: "a bug, logged",
  503: "a backing store is away, or took too long: ask again (Retry-After)",
}

/** The contract as OpenAPI 3.1, made of the schemas that requests are checked with. */
export function openApiOf(operations: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const operation of operations) {
    paths[operation.path] ??= {}
    paths[operation.path]![operation.method.toLowerCase()] = described(operation)
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Memory plugin",
      version: "1.0.0",
      description: `Failures are {code, message, details?}, code one of ${failureCodes.join(", ")}.`,
    },
    paths,
    components: { schemas: { Failure: jsonSchema(FailureAnswer, "output") } },
  }
}

function described({ name, summary, parameters = {}, body, answers }: Operation): object {
  return {
    operationId: name,
    summary,
    parameters: Object.entries(parameters).map(([parameter, schema]) => {
      return { name: parameter, in: "path", required: true, schema: jsonSchema(schema, "input") }
    }),
    ...(body && { requestBody: { required: true, content: json(jsonSchema(body, "input")) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(failures).map(([status, says]) => [
          status,
          { description: says, content: json({ $ref: "#/components/schemas/Failure" }) },
        ]),
      ),
      ...Object.fromEntries(
        Object.entries(answers).map(([status, { says, schema }]) => [
          status,
          { description: says, ...(schema && { content: json(jsonSchema(schema, "output")) }) },
        ]),
      ),
    },
  }
}

const json = (schema: object) => ({ "application/json": { schema } })

function jsonSchema(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io, target: "draft-2020-12" })
  return described
}
