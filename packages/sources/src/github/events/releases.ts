import type { PartDraft } from "@engram/contracts/draft"
import { carried, latest, link } from "../../claims.ts"
import { importance } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import type { GithubEvent } from "../event.ts"
import { Gathering } from "../gather.ts"
import { releaseAlias, repositoryAlias, withinRepository } from "../names.ts"
import { authorFields, carriedRank, importedClaim, inRepository, isRemoval, rankOf, textField } from "../parts.ts"
import { InRepository, Release } from "../schemas.ts"

const Releases = InRepository.extend({ release: Release })

/** A release that was imported, as one that is published now but says so afterwards. */
export const readImportedRelease = (event: GithubEvent) => readTold({ ...event, action: "published" }, true)

export const readRelease = (event: GithubEvent) => readTold(event, false)

function readTold(event: GithubEvent, retold: boolean) {
  const { payload, action, receivedAt } = event
  const { release, repository, sender } = read(Releases, payload)
  const said = saidAt(release, receivedAt)
  const claims = retold ? [{ at: said, ...importedClaim }] : claimsOf(event, said, Boolean(release.updated_at))
  const at = Math.max(...claims.map((claim) => claim.at))
  const gathering = new Gathering(at)
  const scope = gathering.repository(repository)
  if (sender) gathering.account(sender)
  const author = release.author ? gathering.account(release.author) : undefined
  const place = inRepository(repository)
  const title = release.name || release.tag_name
  const sourceId = withinRepository(repository.id, "release", release.id)
  const body = {
    partId: "body",
    kind: "body",
    fields: carried({
      ...place.fields,
      ...authorFields(release.author),
      title,
      text: textField(release.body),
      url: release.html_url ?? undefined,
      createdAt: release.published_at ?? release.created_at ?? undefined,
      tag: release.tag_name,
      state: stateOf(release.draft, release.prerelease),
    }),
    links: { ...place.links, ...(author && { author: [link("AUTHORED_BY", author)] }) },
  }
  for (const claim of claims)
    gathering.document({ sourceId, alias: releaseAlias(release.id), parts: [{ ...body, ...claim }] })
  if (release.draft || !publications.has(action)) return gathering.drafts()
  // GitHub tells one publication as `published` and as `released`: one moment, because kind and time are the same.
  const kind = release.prerelease ? "prereleased" : "released"
  gathering.moment(
    moment({
      documentSourceId: sourceId,
      thing: releaseAlias(release.id),
      kind,
      at: release.published_at ?? at,
      scope,
      headline: `${repository.full_name} ${release.tag_name} ${kind}${title === release.tag_name ? "" : `: ${title}`}`,
      description: release.body,
      importance: importance({
        base: release.prerelease ? 0.3 : 0.4,
        linked: 1,
        trivial: !release.body?.trim(),
      }),
      tags: ["release"],
      subjects: [repositoryAlias(repository.id), author],
      url: release.html_url,
      retold,
    }),
  )
  return gathering.drafts()
}

const publications = new Set(["published", "released", "prereleased"])

/**
 * A draft may have no time but its commit's, which whoever commits chooses: one after the receipt would stand over all that
 * is said later.
 */
const saidAt = ({ updated_at, published_at, created_at }: Release, receivedAt: number): number =>
  latest(updated_at, published_at) ?? Math.min(created_at ?? receivedAt, receivedAt)

/**
 * Older servers date how a release began and no change of it: a change then says how the release reads by the time of its
 * receipt, and that there is one only by that of its beginning, so that one received after the deletion undoes nothing.
 */
function claimsOf(
  { action, receivedAt }: GithubEvent,
  said: number,
  dated: boolean,
): readonly Pick<PartDraft, "at" | "rank" | "alive">[] {
  const received = Math.max(said, receivedAt)
  const rank = rankOf(action)
  if (isRemoval(action)) return [{ at: received, rank, alive: false }]
  if (dated || action === "created" || publications.has(action)) return [{ at: said, rank, alive: true }]
  return [
    { at: said, rank: carriedRank, alive: true },
    { at: received, rank },
  ]
}

function stateOf(draft: boolean | null | undefined, prerelease: boolean | null | undefined): string {
  if (draft) return "draft"
  return prerelease ? "prereleased" : "released"
}
