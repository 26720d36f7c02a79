import { z } from "zod"
import { carried } from "../../claims.ts"
import { read } from "../../text/read.ts"
import { type GithubEvent, skipped } from "../event.ts"
import { Gathering, receiptTime, repositoryTime } from "../gather.ts"
import { wikiAlias, withinRepository } from "../names.ts"
import { inRepository } from "../parts.ts"
import { InRepository } from "../schemas.ts"

const Gollum = InRepository.extend({
  pages: z.array(
    z.object({
      page_name: z.string(),
      title: z.string(),
      summary: z.string().nullish(),
      html_url: z.string().nullish(),
    }),
  ),
})

/** The event names the pages and not what stands on them, so a page is its title, its address and the last summary. */
export function readWiki({ payload, receivedAt }: GithubEvent) {
  const { pages, repository, sender } = read(Gollum, payload)
  if (pages.length === 0) return skipped("The event names no wiki page.")
  const at = receiptTime(repository, receivedAt)
  const gathering = new Gathering(repositoryTime(repository) ?? receivedAt)
  gathering.repository(repository)
  if (sender) gathering.account(sender)
  const place = inRepository(repository)
  for (const page of pages)
    gathering.document({
      sourceId: withinRepository(repository.id, "wiki", page.page_name),
      alias: wikiAlias(repository.id, page.page_name),
      parts: [
        {
          partId: "body",
          kind: "body",
          at,
          rank: 2,
          alive: true,
          fields: carried({
            ...place.fields,
            title: page.title,
            text: page.summary ?? undefined,
            url: page.html_url ?? undefined,
          }),
          links: place.links,
        },
      ],
    })
  return gathering.drafts()
}
