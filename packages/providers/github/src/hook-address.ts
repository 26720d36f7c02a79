import { Rejected } from "@engram/contracts/errors"

/** A webhook by `owner/repo/7`, `org/7`, `app`, or the address of its page on GitHub, as the path of its API. */
export function readHookAddress(text: string): string {
  const name = "([\\w.-]+)"
  const path = text.trim().replace(/^https?:\/\/[^/]+\//, "")
  const shapes: readonly [RegExp, (...names: string[]) => string][] = [
    [/^app(?:\/hook)?$/, () => "app/hook"],
    [
      new RegExp(`^(?:organizations/${name}/settings/hooks|orgs/${name}/hooks)/(\\d+)$`),
      (a, b, id) => `orgs/${a ?? b}/hooks/${id}`,
    ],
    [
      new RegExp(`^(?:repos/)?${name}/${name}/(?:settings/)?(?:hooks/)?(\\d+)$`),
      (a, b, id) => `repos/${a}/${b}/hooks/${id}`,
    ],
    [new RegExp(`^${name}/(\\d+)$`), (org, id) => `orgs/${org}/hooks/${id}`],
  ]
  for (const [shape, hook] of shapes) {
    const found = shape.exec(path)
    if (found) return hook(...found.slice(1))
  }
  throw new Rejected(
    "hook_unknown",
    `"${text}" names no webhook: give the address of its page on GitHub, or owner/repository/id, organization/id, or app`,
  )
}
