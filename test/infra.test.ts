import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import { readConfig } from "@engram/config/config"
import { describe, expect, test } from "vitest"
import { parse } from "yaml"
import { type App, startOf } from "./start-of.ts"

interface Service {
  readonly image: string
  readonly environment?: Record<string, string>
  readonly command?: string[]
  readonly healthcheck?: { readonly test: string[] }
  readonly stop_grace_period?: string
  readonly depends_on?: Record<string, { readonly condition: string }>
  readonly volumes?: string[]
}

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "")
const read = (path: string): string => readFileSync(join(root, path), "utf8")
const compose = parse(read("infra/compose.yaml"), { merge: true })
const services: Record<string, Service> = compose.services
const apps: readonly App[] = ["ingest", "worker", "nightly", "memory"]

/** As compose fills it in, with something for each secret that has to be given. */
const filledIn = (text: string): string =>
  text.replace(/\$\{\w+:\?[^}]*\}/g, "0123456789abcdef").replace(/\$\{\w+:-([^}]*)\}/g, "$1")

const environmentOf = (name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(services[name]?.environment ?? {}).map(([key, value]) => [key, filledIn(value)]))

describe("what compose starts is what the apps are", () => {
  test.each([...apps, "migrate"])("%s is given settings that exist and go together", (name) => {
    const { APP, ...settings } = environmentOf(name)
    if (apps.some((app) => app === name)) expect(APP).toBe(name)
    const known = read("packages/config/src/read-settings.ts")
    for (const setting of Object.keys(settings)) expect(known).toMatch(new RegExp(`^  ${setting}: `, "m"))
    const config = readConfig(settings)
    expect(config).toMatchObject({
      host: "0.0.0.0",
      s3: { endpoint: "http://s3:9000" },
      redisUrl: "redis://redis:6379",
    })
    expect(new URL(config.databaseUrl ?? "").hostname).toBe("postgres")
  })

  test("health is asked for at the port the app listens on, and a process has longer to close than it gives itself", () => {
    const { ports } = readConfig(environmentOf("memory"))
    const asked = { ingest: ports.ingest, worker: ports.worker, nightly: ports.nightly, memory: ports.search }
    const totalMs = /totalMs = ([\d_]+)/.exec(read("packages/lifecycle/src/lifecycle.ts"))?.[1]?.replace("_", "")
    for (const [name, port] of Object.entries(asked)) {
      expect(services[name]?.healthcheck?.test.join(" ")).toContain(`127.0.0.1:${port}/health/ready`)
      expect(Number.parseInt(services[name]?.stop_grace_period ?? "", 10) * 1_000).toBeGreaterThan(Number(totalMs))
    }
  })

  test.each(Object.entries(services))("%s needs only services and volumes that are there", (_, service) => {
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(services).toHaveProperty(needed)
      if (condition === "service_healthy") expect(services[needed]).toHaveProperty("healthcheck")
    }
    for (const volume of service.volumes ?? []) expect(compose.volumes).toHaveProperty(volume.split(":")[0]!)
  })

  test.each(apps)("%s starts after the migration", (app) => {
    expect(services[app]?.depends_on).toMatchObject({ migrate: { condition: "service_completed_successfully" } })
  })

  test("Redis keeps what it was given", () => {
    expect(services.redis?.command?.join(" ")).toMatch(/--appendonly yes .*noeviction/)
  })
})

test("the image has the Node and the pnpm that the repository is pinned to", () => {
  const dockerfile = read("infra/docker/Dockerfile")
  const { packageManager, devDependencies } = JSON.parse(read("package.json"))
  expect(dockerfile).toContain(`npm install --global ${packageManager}`)
  expect(dockerfile).toContain(`FROM node:${devDependencies.node.split(".")[0]}-bookworm-slim`)
})

const command: string[] = JSON.parse(/^CMD (.*)$/m.exec(read("infra/docker/Dockerfile"))![1]!)

test.each(apps)("the image starts %s as its package.json says", (app) => {
  const { nodeArgs, main } = startOf(app)
  // A `node` that says what it was asked to run, and answers the command's own question.
  const path = mkdtempSync(join(tmpdir(), "engram-image-"))
  const said = '[ "$1" = -p ] && exec "$NODE" "$@"; echo "$PWD" "$@"'
  writeFileSync(join(path, "node"), `#!/bin/sh\n${said}\n`, { mode: 0o755 })
  const env = { APP: app, NODE: process.execPath, PATH: `${path}${delimiter}${process.env.PATH}` }
  const [file = "", ...args] = command
  const ran = execFileSync(file, args, { cwd: root, env, encoding: "utf8" })
  rmSync(path, { recursive: true })
  expect(ran.trim().split(" ")).toEqual([join(root, "apps", app), ...nodeArgs, "src/main.ts"])
  expect(main).toBe(join(root, "apps", app, "src/main.ts"))
})

test.each(["ingest", "worker", "memory", "cli"] as const)(
  "%s is started with a bound on its young garbage, which its memory and its slowest answers rest on",
  (app) => {
    expect(startOf(app).nodeArgs).toContain("--max-semi-space-size=32")
  },
)
