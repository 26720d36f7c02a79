import { Rejected } from "@engram/contracts/errors"
import type { ReceivedRequest } from "@engram/contracts/source"
import { decodeUtf8, parseJson } from "../text/well-formed.ts"

/** The JSON of a delivery, whichever of GitHub's two content types carries it. Throws `Rejected("payload_unreadable")`. */
export function payloadOf(request: ReceivedRequest): unknown {
  const body = decodeUtf8(request.body)
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase()
  const payload = parseJson(type === "application/x-www-form-urlencoded" ? formField(body, "payload") : body)
  if (typeof payload !== "object" || payload === null || Array.isArray(payload))
    throw new Rejected("payload_unreadable", "The body is JSON, but not an object.")
  return payload
}

function formField(form: string, name: string): string {
  const value = form.split("&").find((pair) => pair.startsWith(`${name}=`))
  if (value === undefined) throw new Rejected("payload_unreadable", `The form has no ${name} field.`, { path: name })
  try {
    return decodeURIComponent(value.slice(name.length + 1).replaceAll("+", " ")).toWellFormed()
  } catch (cause) {
    throw new Rejected("payload_unreadable", `The form's ${name} field is not percent-encoded UTF-8.`, {
      path: name,
      cause,
    })
  }
}
