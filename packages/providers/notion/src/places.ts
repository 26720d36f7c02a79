import type { Api, Place, PlaceFound } from "./api.ts"
import { unseen } from "./notion-words.ts"

/** Most steps up; pages are rarely ten deep, and a step costs a request when it is not remembered. */
const stepsMax = 20

type Parent = {
  type?: string
  page_id?: string
  block_id?: string
  database_id?: string
  data_source_id?: string
}
type RichText = readonly { plain_text?: string }[]

/** The pages and databases a thing is in, from the nearest to the top, as far as the integration may see. */
export async function placesAbove(api: Api, parent: unknown): Promise<Place[]> {
  const above: Place[] = []
  let at = parent as Parent | undefined
  for (let steps = 0; at !== undefined && steps < stepsMax; steps++) {
    const found = await placeOf(api, at)
    if (found === undefined) break
    above.push(...found.places)
    at = found.parent as Parent | undefined
  }
  return above
}

async function placeOf(api: Api, parent: Parent): Promise<PlaceFound | undefined> {
  const id = parent.data_source_id ?? parent.page_id ?? parent.database_id ?? parent.block_id
  if (id === undefined) return undefined
  const known = api.places.get(id)
  if (known !== undefined) return known
  const found = await read(api, parent).catch((error: unknown) => {
    // Shared from here on down: what is above exists, and has no name for us.
    if (unseen(error) === undefined) throw error
    return unnamed(parent)
  })
  if (found !== undefined) api.places.set(id, found)
  return found
}

async function read({ client }: Api, parent: Parent): Promise<PlaceFound | undefined> {
  const { page_id, database_id, data_source_id, block_id } = parent
  if (page_id !== undefined) {
    const page = (await client.pages.retrieve({ page_id })) as { parent?: unknown; properties?: object }
    return { places: [{ type: "page", id: page_id, title: titleOfPage(page.properties) }], parent: page.parent }
  }
  if (database_id !== undefined) {
    const database = (await client.databases.retrieve({ database_id })) as {
      parent?: unknown
      title?: RichText
      data_sources?: readonly { id: string; name?: string }[]
    }
    const source = database.data_sources?.find(({ id }) => id === data_source_id)
    const places: Place[] = [{ type: "database", id: database_id, title: plain(database.title) }]
    if (data_source_id !== undefined)
      places.unshift({ type: "data_source", id: data_source_id, title: source?.name ?? null })
    return { places, parent: database.parent }
  }
  if (block_id === undefined) return undefined
  const block = (await client.blocks.retrieve({ block_id })) as { parent?: unknown }
  return { places: [], parent: block.parent }
}

function unnamed({ page_id, database_id, data_source_id }: Parent): PlaceFound {
  const places: Place[] = []
  if (data_source_id !== undefined) places.push({ type: "data_source", id: data_source_id, title: null })
  if (database_id !== undefined) places.push({ type: "database", id: database_id, title: null })
  if (page_id !== undefined) places.push({ type: "page", id: page_id, title: null })
  return { places, parent: undefined }
}

function titleOfPage(properties: object | undefined): string | null {
  const title = Object.values(properties ?? {}).find((property) => property?.type === "title")?.title
  return plain(title)
}

const plain = (text: RichText | undefined): string | null =>
  text?.map(({ plain_text }) => plain_text ?? "").join("") || null
