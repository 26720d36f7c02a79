import type { LegacyWorkspace } from "@engram/store/legacy-memories"

/**
 * Where a legacy memory belongs, by its scope and its workspace's place in the tree:
 *
 *   LOCAL   workspace:{id}
 *   TEAM    team:{parent}, or team:{id} at the root
 *   GLOBAL  org:{root}; only the root itself may write there
 */
export type Scope = "LOCAL" | "TEAM" | "GLOBAL"
export type NamespaceKind = "workspace" | "team" | "org"

/** `skip` is by rule and leaves nothing to do; `error` wants a person. */
export type Place =
  | { readonly outcome: "copy"; readonly namespace: string; readonly kind: NamespaceKind }
  | { readonly outcome: "skip" | "error"; readonly reason: string }

/** The legacy rows that belong in one namespace: those of these workspaces, in this scope. */
export interface NamespaceSource {
  readonly namespace: string
  readonly scope: Scope
  readonly workspaceIds: readonly string[]
}

export interface NamespaceTree {
  readonly workspaces: ReadonlyMap<string, LegacyWorkspace>
  /** Looks at everything but whether the content is blank. */
  placeOf(row: { readonly workspaceId: string | null; readonly scope: string | null }): Place
  /** What a workspace may read, or the reason why that cannot be said. */
  readable(workspaceId: string): readonly NamespaceSource[] | string
}

/** Steps from a workspace up to its root. */
const depthMax = 50

export function createNamespaceTree(list: readonly LegacyWorkspace[]): NamespaceTree {
  const workspaces = new Map(list.map((workspace) => [workspace.id, workspace]))
  const children = Map.groupBy(
    list.filter(({ parentId }) => parentId !== null),
    ({ parentId }) => parentId!,
  )

  /** The root, or the reason why there is none. */
  function rootOf(id: string): { readonly root: string } | { readonly reason: string } {
    const passed = new Set<string>()
    let at = workspaces.get(id)
    if (!at) return { reason: `workspace ${id} is not in the table workspaces` }
    while (at.parentId !== null) {
      passed.add(at.id)
      if (passed.has(at.parentId)) {
        return { reason: `the parents of workspace ${id} go round in a circle through ${at.parentId}` }
      }
      if (passed.size > depthMax) return { reason: `workspace ${id} is more than ${depthMax} levels below its root` }
      const parent = workspaces.get(at.parentId)
      if (!parent) return { reason: `workspace ${at.parentId}, above ${id}, is not in the table workspaces` }
      at = parent
    }
    return { root: at.id }
  }

  return {
    workspaces,
    placeOf({ workspaceId, scope }) {
      if (workspaceId === null) return { outcome: "error", reason: "the row names no workspace" }
      const top = rootOf(workspaceId)
      if ("reason" in top) return { outcome: "error", reason: top.reason }
      switch (scopeOf(scope)) {
        case "LOCAL":
          return { outcome: "copy", namespace: `workspace:${workspaceId}`, kind: "workspace" }
        case "TEAM":
          return { outcome: "copy", namespace: `team:${teamOf(workspaceId)}`, kind: "team" }
        case "GLOBAL":
          if (top.root === workspaceId) return { outcome: "copy", namespace: `org:${workspaceId}`, kind: "org" }
          return { outcome: "skip", reason: "its scope is GLOBAL, and only a root workspace may write there" }
        default:
          return { outcome: "error", reason: `its scope is ${JSON.stringify(scope)}, not LOCAL, TEAM or GLOBAL` }
      }
    },
    readable(workspaceId) {
      const top = rootOf(workspaceId)
      if ("reason" in top) return top.reason
      const team = teamOf(workspaceId)
      // Only a root is in the team of its own name; below it are those whose parent it is.
      const members = (children.get(team) ?? []).map(({ id }) => id)
      if (workspaces.get(team)?.parentId === null) members.push(team)
      return [
        { namespace: `workspace:${workspaceId}`, scope: "LOCAL", workspaceIds: [workspaceId] },
        { namespace: `team:${team}`, scope: "TEAM", workspaceIds: members },
        { namespace: `org:${top.root}`, scope: "GLOBAL", workspaceIds: [top.root] },
      ]
    },
  }

  function teamOf(id: string): string {
    return workspaces.get(id)?.parentId ?? id
  }
}

/** The contract refuses blank content, so there is nothing to copy. */
export const blankPlace: Place = { outcome: "skip", reason: "its content is blank, which the contract does not take" }

/** However it is written. */
export function scopeOf(scope: string | null): Scope | undefined {
  const name = scope?.trim().toUpperCase()
  return name === "LOCAL" || name === "TEAM" || name === "GLOBAL" ? name : undefined
}
