import { z } from "zod"
import { type Answer, Refused, type Request, type StrictServer, startStrictServer } from "./strict-server.ts"

const score = z.number().min(0).max(1).nullable()
/** As its `POST /v1/experiment/{id}/insert` documents a row, with what the SDK adds to send it in one stream (`/logs3`). */
const Row = z.strictObject({
  id: z.string().min(1),
  experiment_id: z.string(),
  input: z.json().optional(),
  output: z.json().optional(),
  scores: z.record(z.string(), score).optional(),
  metadata: z.record(z.string(), z.json()).optional(),
  metrics: z.record(z.string(), z.number()).optional(),
  context: z.record(z.string(), z.json()).optional(),
  span_attributes: z.record(z.string(), z.json()).optional(),
  created: z.iso.datetime().optional(),
  span_id: z.string(),
  root_span_id: z.string(),
  _is_merge: z.boolean().optional(),
})
type Row = z.infer<typeof Row>
const Logs = z.strictObject({ rows: z.array(Row).min(1), api_version: z.literal(2) })

const Register = z.strictObject({
  project_name: z.string().min(1),
  project_id: z.string().optional(),
  org_id: z.string(),
  experiment_name: z.string().min(1),
  update: z.boolean().optional(),
  base_experiment: z.string().optional(),
  metadata: z.record(z.string(), z.json()).optional(),
  ancestor_commits: z.array(z.string()).optional(),
})

const payloadBytesMax = 6_291_456

export interface BraintrustServer extends StrictServer {
  readonly apiKey: string
  /** By name; of each its rows by id. */
  readonly experiments: ReadonlyMap<string, ReadonlyMap<string, Row>>
  /** From now on answers rows with 502, or takes them again; experiments are made all the same. */
  loseRows(lost: boolean): void
}

interface Experiment {
  readonly id: string
  readonly name: string
  readonly projectId: string
  readonly rows: Map<string, Row>
}

/**
 * What of Braintrust an experiment's logging uses, over real HTTP: login by key, an experiment by name, rows that replace those of
 * their id. Anything else, a row it does not document, or a score outside 0 to 1, is refused.
 */
export async function startBraintrustServer(): Promise<BraintrustServer> {
  const apiKey = "braintrust-test-key"
  const orgId = "6c7a9b3e-0f49-4d0b-8e0e-1a7d1f1f0a01"
  const named = new Map<string, Experiment>()
  let url = ""
  let losesRows = false

  const register = (request: Request): Answer => {
    const asked = parse(Register, request)
    if (asked.org_id !== orgId) throw new Refused(403, { error: `no access to organization ${asked.org_id}` })
    if (asked.base_experiment !== undefined && !named.has(asked.base_experiment))
      throw new Refused(400, { error: `base experiment ${asked.base_experiment} not found` })
    const taken = named.get(asked.experiment_name)
    // Without `update` a name that is taken gets a suffix, as the service does.
    const name = taken && !asked.update ? `${asked.experiment_name}-${named.size}` : asked.experiment_name
    const projectId = `project-${asked.project_name}`
    const experiment = named.get(name) ?? { id: `experiment-${named.size + 1}`, name, projectId, rows: new Map() }
    named.set(name, experiment)
    return {
      status: 200,
      body: {
        project: { id: projectId, name: asked.project_name },
        experiment: { id: experiment.id, name, project_id: projectId, created: new Date().toISOString() },
      },
    }
  }

  const log = (request: Request): Answer => {
    if (losesRows) throw new Refused(502, { error: "bad gateway" })
    if (Buffer.byteLength(request.body) > payloadBytesMax) throw new Refused(413, { error: "payload too large" })
    for (const row of parse(Logs, request).rows) {
      const experiment = [...named.values()].find(({ id }) => id === row.experiment_id)
      if (!experiment) throw new Refused(404, { error: `no experiment ${row.experiment_id}` })
      experiment.rows.set(row.id, row._is_merge ? { ...experiment.rows.get(row.id), ...row } : row)
    }
    return { status: 200, body: {} }
  }

  const handle = (request: Request): Answer => {
    if (request.headers.authorization !== `Bearer ${apiKey}`) throw new Refused(401, { error: "Invalid API key" })
    switch (`${request.method} ${request.path}`) {
      case "POST /api/apikey/login":
        return { status: 200, body: { org_info: [{ id: orgId, name: "acme", api_url: url, proxy_url: url }] } }
      case "GET /version":
        return { status: 200, body: { version: "2.0.0", logs3_payload_max_bytes: payloadBytesMax } }
      case "POST /api/experiment/register":
        return register(request)
      case "POST /logs3":
        return log(request)
      default:
        throw new Refused(404, { error: `no ${request.method} ${request.path}` })
    }
  }

  const server = await startStrictServer(handle, (_, message) => ({ error: message }))
  url = server.url
  const rowsOf = (): ReadonlyMap<string, ReadonlyMap<string, Row>> =>
    new Map([...named].map(([name, { rows }]) => [name, rows]))
  return {
    ...server,
    apiKey,
    loseRows: (lost) => {
      losesRows = lost
    },
    get experiments() {
      return rowsOf()
    },
  }
}

function parse<T>(schema: z.ZodType<T>, { body }: Request): T {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    throw new Refused(400, { error: "invalid JSON" })
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success) throw new Refused(400, { error: z.prettifyError(parsed.error) })
  return parsed.data
}
