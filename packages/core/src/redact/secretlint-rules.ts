import { rules } from "@secretlint/secretlint-rule-preset-recommend"
import type { SecretLintRuleContext, SecretLintRuleCreator } from "@secretlint/types"
import { type CredentialRule, oneOf, type Range } from "./rule.ts"

/**
 * What every text that a rule of secretlint's preset finds something in holds, by the rule's short name. A test generates texts
 * from the rules' own patterns and sees that none escapes, and that no rule is missing here: an upgrade cannot open a gap.
 */
export const secretlintAnchors: { readonly [rule: string]: readonly string[] } = {
  slack: ["xoxb-", "xoxp-", "xapp-", "xoxa-", "xoxo-", "xoxr-"],
  sendgrid: ["SG."],
  shopify: ["shppa_", "shpca_", "shpat_", "shpss_"],
  stripe: ["sk_live_", "sk_test_", "rk_live_", "rk_test_"],
  github: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
  gitlab: ["glpat-"],
  grafana: ["glc_", "glsa_"],
  openai: ["T3BlbkFJ"],
  anthropic: ["sk-ant-api0"],
  groq: ["gsk_"],
  huggingface: ["hf_"],
  linear: ["lin_api_"],
  notion: ["ntn_"],
  "1password": ["ops_ey"],
  "hashicorp-vault": ["hvs.", "hvb.", "hvr."],
  vercel: ["vcp_", "vci_", "vca_", "vcr_", "vck_"],
  databricks: ["dapi"],
  docker: ["dckr_pat_"],
  figma: ["figd_"],
  cloudflare: ["cfk_", "cfut_", "cfat_"],
  tailscale: ["tskey-"],
}

/** Rules that are not taken, and why. */
export const secretlintLeftOut: { readonly [rule: string]: string } = {
  "filter-comments": "a text could switch off its own redaction",
  aws: "reports a range that ends before the secret does (13.0.7); aws-secret and aws-access-key find them",
  npm: "reports a range that ends before the token does (13.0.7); npm-token and url-token find them",
  gcp: "reads files; private-key finds the key inside the JSON",
  privatekey: "private-key also finds keys that are cut off, longer or encrypted",
  basicauth: "url-password also finds passwords of other characters, and leaves the host",
  "database-connection-string": "url-password finds the same in every scheme, and leaves the host",
}

export const shortName = (id: string): string => id.replace(/^@secretlint\/secretlint-rule-/, "")

/** The rules of secretlint's recommended preset, run without its engine: their `file` is synchronous, and pure. */
export const secretlintRules: readonly CredentialRule[] = (rules as readonly SecretLintRuleCreator[])
  .filter((rule) => !Object.hasOwn(secretlintLeftOut, shortName(rule.meta.id)))
  .map((rule) => {
    const name = shortName(rule.meta.id)
    let found: Range[] = []
    const context = {
      createTranslator: () => () => ({ message: "", messageId: "" }),
      report: ({ range: [start, end] }: { range: readonly [number, number] }) => void found.push({ start, end }),
      ignore: () => {},
    }
    const scanner = rule.create(context as unknown as SecretLintRuleContext, {})
    return {
      name: `${name}-token`,
      gate: oneOf(secretlintAnchors[name] ?? [""]),
      find: (text) => {
        found = []
        void scanner.file?.({ content: text, contentType: "text", ext: "", filePath: undefined } as never)
        return found
      },
    }
  })
