import { z } from "zod"
import { carried, link } from "../../claims.ts"
import { read } from "../../text/read.ts"
import { shorten } from "../../text/shorten.ts"
import { ownershipOf } from "../codeowners.ts"
import { type GithubEvent, skipped } from "../event.ts"
import { Gathering } from "../gather.ts"
import { codeownersAlias, repositoryAlias, repositoryKey } from "../names.ts"
import { inRepository } from "../parts.ts"
import { InRepository, Time } from "../schemas.ts"

/** Not an event of GitHub's: what its API says of the file that names code owners. `content` is null where there is none. */
const Codeowners = InRepository.extend({
  ref: z.string(),
  path: z.string().nullish(),
  content: z.string().nullable(),
  sha: z.string().nullish(),
  at: Time,
})

/** The file as a document that lists every owner: whom a newer one leaves out owns no longer. Only the default branch's counts. */
export function readCodeowners({ payload, receivedAt }: GithubEvent) {
  const { repository, ref, path, content, sha, at: committedAt } = read(Codeowners, payload)
  const branch = ref.replace(/^refs\/heads\//, "")
  if (repository.default_branch && branch !== repository.default_branch)
    return skipped(`The code owners of ${shorten(ref, 200)} are not those of the default branch.`)
  // Whoever commits chooses the commit's time: one after the receipt would stand over every file that is read later.
  const at = Math.min(committedAt, receivedAt)
  const gathering = new Gathering(at)
  gathering.repository(repository)
  const place = inRepository(repository)
  const owners = ownershipOf(content ?? "").flatMap(({ component, owner, whole }) => {
    if (component === "") return [link("OWNED_BY", owner, repositoryAlias(repository.id))]
    const alias = gathering.component(component, repository)
    return [
      link("PART_OF", repositoryAlias(repository.id), alias),
      { ...link("OWNED_BY", owner, alias), confidence: whole ? 1 : 0.6 },
    ]
  })
  gathering.document({
    sourceId: `${repositoryKey(repository.id)}/codeowners`,
    alias: codeownersAlias(repository.id),
    parts: [
      {
        partId: "body",
        kind: "body",
        at,
        rank: 2,
        alive: content !== null,
        fields: carried({
          ...place.fields,
          title: `Code owners of ${repository.full_name}`,
          text: content === null ? undefined : fenced(content),
          url: path && repository.html_url ? `${repository.html_url}/blob/${branch}/${path}` : undefined,
          path: path ?? undefined,
          sha: sha ?? undefined,
        }),
        links: { ...place.links, owners },
      },
    ],
  })
  return gathering.drafts()
}

/** Fenced, because its `@names` and paths are no prose; by more backticks than the file has in a row. */
function fenced(content: string): string {
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = "`".repeat(longest + 1)
  return `${fence}\n${content.trimEnd()}\n${fence}`
}
