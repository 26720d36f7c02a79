import type { Api } from "./api.ts"

/** Pages of a hundred values that one property may take. */
const pagesMax = 10
/** A page carries at most so many references of a property (developers.notion.com/reference/retrieve-a-page). */
const carriedMax = 25

type Property = { id: string; type: string; has_more?: boolean } & { [type: string]: unknown }

/** Reads the rest of properties that a page carries only the beginning of. */
export async function completeProperties(api: Api, page: { id: string; properties?: object }): Promise<void> {
  for (const property of Object.values(page.properties ?? {}) as Property[]) {
    if (!isBeginning(property)) continue
    const values: unknown[] = []
    let cursor: string | undefined
    for (let n = 0; n < pagesMax && (n === 0 || cursor !== undefined); n++) {
      const answer = (await api.client.pages.properties.retrieve({
        page_id: page.id,
        property_id: property.id,
        page_size: 100,
        ...(cursor !== undefined && { start_cursor: cursor }),
      })) as { results?: readonly { [type: string]: unknown }[]; has_more?: boolean; next_cursor?: string | null }
      values.push(...(answer.results ?? []).map((item) => item[property.type]))
      cursor = answer.has_more ? (answer.next_cursor ?? undefined) : undefined
    }
    property[property.type] = values
    property.has_more = cursor !== undefined
  }
}

function isBeginning(property: Property): boolean {
  if (!["relation", "people", "rich_text", "title"].includes(property.type)) return false
  const values = property[property.type]
  return property.has_more === true || (Array.isArray(values) && values.length >= carriedMax)
}
