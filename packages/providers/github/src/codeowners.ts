import type { GithubClient } from "./github-client.ts"
import { inOurWords, isMissing } from "./github-words.ts"

/** GitHub reads the first of these that is there. */
const paths = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"]

export interface Codeowners {
  readonly ref: string
  readonly path: string
  readonly content: string
  /** Of the file's blob. */
  readonly sha: string
  /** When the file was last changed, ISO. */
  readonly at: string
}

/** The CODEOWNERS file of a branch that counts; undefined where there is none. */
export async function findCodeowners(
  client: GithubClient,
  { owner, name, ref }: { readonly owner: string; readonly name: string; readonly ref: string },
): Promise<Codeowners | undefined> {
  for (const path of paths) {
    const file = await inOurWords(`the file ${path} of ${owner}/${name}`, () =>
      client
        .request("GET /repos/{owner}/{repo}/contents/{path}", { owner, repo: name, path, ref })
        .catch((error: unknown) => {
          if (isMissing(error)) return undefined
          throw error
        }),
    )
    if (file === undefined || Array.isArray(file.data) || !("content" in file.data)) continue
    const { sha, content } = file.data
    const commits = await inOurWords(`the commits of ${owner}/${name}`, () =>
      client.request("GET /repos/{owner}/{repo}/commits", { owner, repo: name, path, sha: ref, per_page: 1 }),
    )
    const at = commits.data[0]?.commit.committer?.date
    if (at === undefined) continue
    return { ref, path, content: Buffer.from(content, "base64").toString("utf8"), sha, at }
  }
  return undefined
}
