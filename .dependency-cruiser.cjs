/** Who may know whom. A workspace may import its own files and those of the workspaces listed here; nothing else. */
const knows = {
  "packages/contracts": [],
  "packages/core": ["packages/contracts"],
  "packages/sources": ["packages/contracts"],
  "packages/pipeline": ["packages/contracts", "packages/core"],
  db: [],
  "packages/store": ["packages/contracts", "packages/core", "db"],
  "packages/queue": ["packages/contracts"],
  "packages/patient-fetch": ["packages/contracts"],
  "packages/providers/[^/]+": ["packages/contracts", "packages/patient-fetch"],
  "packages/(?:config|observability|lifecycle|bodies)": ["packages/contracts"],
  // Which provider stands behind each port is said here and nowhere else.
  "packages/platform": [
    "db",
    "packages/(?:contracts|core|config|observability|lifecycle|store|queue)",
    "packages/providers/[^/]+",
  ],
  "packages/testkit": ["packages/contracts", "db", "packages/providers/embedded-postgres"],
  "apps/(?:ingest|worker|memory|nightly)": [
    "packages/(?:bodies|contracts|core|config|observability|lifecycle|pipeline|platform|sources|store)",
  ],
  // `engram up` runs the other apps in one process.
  "apps/cli": [
    "apps/(?:ingest|worker|memory|nightly)",
    "packages/(?:contracts|core|config|observability|lifecycle|pipeline|platform|sources|store)",
  ],
}

/** Who owns which vendor. The SDK is named in that workspace, in its tests, and nowhere else. */
const owns = {
  bullmq: "packages/queue",
  ioredis: "packages/queue|packages/providers/redis|packages/testkit",
  "drizzle-orm|drizzle-kit": "packages/store|db",
  pg: "packages/store|db|packages/queue|packages/providers/embedded-postgres|packages/testkit",
  "@aws-sdk/[^/]+": "packages/providers/s3",
  "@upstash/redis": "packages/providers/upstash",
  braintrust: "packages/providers/braintrust",
  "cohere-ai": "packages/providers/cohere",
  "@octokit/(?:core|auth-app)": "packages/providers/github",
  // Sources and the stand-in check their shapes against its types.
  "@notionhq/[^/]+": "packages/(?:providers/notion|sources|testkit)",
  "@linear/[^/]+": "packages/(?:providers/linear|sources|testkit)",
  "@slack/web-api": "packages/providers/slack",
  "@pinecone-database/pinecone": "packages/providers/pinecone",
  "sqlite-vec": "packages/providers/sqlite-vec",
  "@secretlint/[^/]+|libphonenumber-js": "packages/core",
  "pino|prom-client|@opentelemetry/[^/]+": "packages/observability",
  "fastify|@fastify/[^/]+": "apps/[^/]+|packages/bodies",
}

const inside = (workspace) => `^(?:${workspace})/(?:src|test)/`

module.exports = {
  forbidden: [
    ...Object.entries(knows).map(([workspace, friends]) => ({
      name: `${workspace} knows only ${friends.join(", ") || "itself"}`,
      severity: "error",
      from: { path: `^(${workspace})/src/` },
      to: { path: "^(?:apps|packages|db|test)/", pathNot: ["^$1/", ...friends.map(inside)] },
    })),
    ...Object.entries(owns).map(([vendor, owner]) => ({
      name: `${vendor} belongs to ${owner}`,
      severity: "error",
      from: { path: "^(?:apps|packages|db)/", pathNot: [inside(owner), "\\.config\\.ts$"] },
      to: { path: `node_modules/(?:${vendor})/` },
    })),
    {
      name: "pure packages touch no runtime",
      severity: "error",
      from: { path: "^packages/(?:contracts|core)/src/" },
      // A channel is a name within the process: nothing is read, and nothing waited for.
      to: { dependencyTypes: ["core"], pathNot: "^(?:node:)?(?:crypto|diagnostics_channel)$" },
    },
    {
      name: "sources touch no runtime but node:crypto",
      severity: "error",
      from: { path: "^packages/sources/src/" },
      to: { dependencyTypes: ["core"], pathNot: "^(?:node:)?crypto$" },
    },
    {
      name: "a source knows only itself and what all share",
      severity: "error",
      from: { path: "^packages/sources/src/(github|linear|slack|notion|events)/" },
      to: {
        path: "^packages/sources/src/(?:github|linear|slack|notion|events)/",
        pathNot: "^packages/sources/src/$1/",
      },
    },
    { name: "no cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no undeclared imports", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "nothing imports test",
      severity: "error",
      from: { path: "^(?:apps|packages|db)/" },
      to: { path: "^test/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "/migrations/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "types"] },
  },
}
