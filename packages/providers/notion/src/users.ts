import type { JsonObject } from "@engram/contracts/json"
import type { Api } from "./api.ts"
import { unseen } from "./notion-words.ts"

/** Users asked for by one fetch; those that are remembered cost nothing. */
const askedMax = 25

/** Who is named in what was read, with name and email where Notion tells them. Nobody is asked for twice within the hour. */
export async function usersIn(api: Api, content: unknown): Promise<JsonObject[]> {
  const found: JsonObject[] = []
  let asked = 0
  for (const id of [...userIds(content)].sort()) {
    if (!api.users.has(id) && asked++ >= askedMax) continue
    const user = await userOf(api, id)
    if (user !== null) found.push(user as JsonObject)
  }
  return found
}

async function userOf(api: Api, id: string): Promise<object | null> {
  const known = api.users.get(id)
  if (known !== undefined) return known.user
  if (api.lacks.has("users")) return null
  const user = await api.client.users.retrieve({ user_id: id }).catch((error: unknown) => {
    const reason = unseen(error)
    if (reason === undefined) throw error
    if (reason.includes("403")) api.lacks.set("users", true)
    return null
  })
  api.users.set(id, { user })
  return user
}

/** Iterative, since blocks lie within blocks. */
function userIds(content: unknown): Set<string> {
  const ids = new Set<string>()
  const waiting = [content]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== "object" || value === null) continue
    const { object, id } = value as { object?: unknown; id?: unknown }
    if (object === "user" && typeof id === "string") ids.add(id)
    else for (const member of Object.values(value)) if (member !== null) waiting.push(member)
  }
  return ids
}
