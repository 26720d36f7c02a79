import { carried, latest, link } from "../../claims.ts"
import { importance } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import type { GithubEvent } from "../event.ts"
import { Gathering } from "../gather.ts"
import { releaseAlias, repositoryAlias, withinRepository } from "../names.ts"
import { authorFields, inRepository, isRemoval, rankOf, textField } from "../parts.ts"
import { InRepository, Release } from "../schemas.ts"

const Releases = InRepository.extend({ release: Release })

export function readRelease({ payload, action, receivedAt }: GithubEvent) {
  const { release, repository, sender } = read(Releases, payload)
  const at = latest(release.updated_at, release.published_at, release.created_at) ?? receivedAt
  const gathering = new Gathering(at)
  const scope = gathering.repository(repository)
  if (sender) gathering.account(sender)
  const author = release.author ? gathering.account(release.author) : undefined
  const place = inRepository(repository)
  const title = release.name || release.tag_name
  const sourceId = withinRepository(repository.id, "release", release.id)
  gathering.document({
    sourceId,
    alias: releaseAlias(release.id),
    parts: [
      {
        partId: "body",
        kind: "body",
        at,
        rank: rankOf(action),
        alive: !isRemoval(action),
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
      },
    ],
  })
  if (release.draft || !["published", "released", "prereleased"].includes(action)) return gathering.drafts()
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
    }),
  )
  return gathering.drafts()
}

function stateOf(draft: boolean | null | undefined, prerelease: boolean | null | undefined): string {
  if (draft) return "draft"
  return prerelease ? "prereleased" : "released"
}
