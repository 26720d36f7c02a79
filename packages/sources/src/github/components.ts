/** Directories that hold components side by side: there the second level names one. */
const containers = new Set([
  "apps",
  "charts",
  "cmd",
  "crates",
  "libs",
  "modules",
  "packages",
  "pkg",
  "plugins",
  "services",
])
const componentsMax = 20

/** The components that changed files belong to: `packages/api`, `src`. Files at the root belong to none. */
export function componentsOf(paths: Iterable<string>): string[] {
  const found = new Set<string>()
  for (const path of paths) {
    const component = componentOf(path)
    if (component !== undefined) found.add(component)
    if (found.size === componentsMax) break
  }
  return [...found].sort()
}

export function componentOf(path: string): string | undefined {
  const [first, second, third] = path.split("/")
  if (!first || second === undefined) return undefined
  return containers.has(first) && third !== undefined ? `${first}/${second}` : first
}
