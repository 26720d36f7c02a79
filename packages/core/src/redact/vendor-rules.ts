import { type CredentialRule, oneOf, patternRule } from "./rule.ts"

/** Not inside a longer word: a hash or a blob of base64 that happens to hold the prefix is none. */
const from = "(?<![A-Za-z0-9_])"

const token = (name: string, anchor: string | readonly string[], pattern: string): CredentialRule =>
  patternRule(name, oneOf([anchor].flat()), new RegExp(`${from}${pattern}`, "g"))

const gated = (name: string, gate: string, pattern: string): CredentialRule =>
  patternRule(name, gate, new RegExp(`${from}${pattern}`, "g"))

/**
 * Credentials that their makers gave a prefix, so that they can be found, and that secretlint has no rule for, or one that
 * is narrower than what is issued. From the makers' own pages and GitHub's list of secret scanning patterns.
 */
export const vendorRules: readonly CredentialRule[] = [
  token("engram-key", "engram_sk_", "engram_sk_[A-Za-z0-9_-]{43}"),
  token("aws-access-key", ["AKIA", "ASIA", "ABIA", "ACCA"], "(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])"),
  token(
    "github-token",
    ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
    "(?:gh[pousr]_[A-Za-z0-9_]{30,255}|github_pat_[A-Za-z0-9_]{30,255})",
  ),
  token(
    "gitlab-token",
    [
      "glpat-",
      "gldt-",
      "glrt-",
      "glrtr-",
      "glcbt-",
      "glptt-",
      "glft-",
      "glimt-",
      "glagent-",
      "gloas-",
      "glsoat-",
      "glffct-",
    ],
    "gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_.-]{20,300}(?<![.])",
  ),
  token("slack-token", ["xox", "xapp-"], "(?:xox[a-z](?:\\.xox[a-z])?|xapp)-[A-Za-z0-9-]{10,400}"),
  token("google-api-key", "AIza", "AIza[A-Za-z0-9_-]{35}"),
  token("google-oauth", ["ya29.", "GOCSPX-"], "(?:ya29\\.[A-Za-z0-9_-]{20,2000}|GOCSPX-[A-Za-z0-9_-]{28})"),
  token("azure-client-secret", "Q~", "[A-Za-z0-9_~.]{3}\\dQ~[A-Za-z0-9_~.-]{31,34}"),
  token(
    "azure-account-key",
    ["AccountKey=", "SharedAccessKey="],
    "(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{32,88}={0,2}",
  ),
  gated("openai-key", "sk-[A-Za-z0-9_-]{16}", "sk-(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{32,300}"),
  token("anthropic-key", "sk-ant-", "sk-ant-[A-Za-z0-9_-]{20,300}"),
  token("linear-token", ["lin_oauth_", "lin_wh_", "lin_api_"], "lin_(?:oauth|wh|api)_[A-Za-z0-9_]{20,200}"),
  token("notion-token", ["secret_", "ntn_"], "(?:secret_[A-Za-z0-9]{43}|ntn_[A-Za-z0-9]{40,60})(?![A-Za-z0-9])"),
  token("atlassian-token", ["ATATT3", "ATCTT3", "ATBB"], "(?:ATATT3|ATCTT3|ATBB)[A-Za-z0-9_=-]{24,400}"),
  token("npm-token", "npm_", "npm_[A-Za-z0-9_]{36}(?![A-Za-z0-9_])"),
  token("pypi-token", "pypi-", "pypi-[A-Za-z0-9_-]{50,400}"),
  token("rubygems-key", "rubygems_", "rubygems_[0-9a-f]{48}"),
  gated("nuget-key", "oy2[a-z0-9]{8}", "oy2[a-z0-9]{43}(?![A-Za-z0-9])"),
  token("digitalocean-token", ["doo_v1_", "dop_v1_", "dor_v1_"], "do[opr]_v1_[0-9a-f]{64}"),
  gated("doppler-token", "dp\\.[a-z]{2,8}\\.", "dp\\.[a-z]{2,8}\\.[A-Za-z0-9._-]{40,80}"),
  token("terraform-token", ".atlasv1.", "[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_=-]{60,70}"),
  token("pulumi-token", "pul-", "pul-[0-9a-f]{40}"),
  token("sentry-token", ["sntrys_", "sntryu_"], "sntry[su]_[A-Za-z0-9+/=_-]{40,400}"),
  token(
    "stripe-key",
    ["_live_", "_test_", "whsec_"],
    "(?:[srp]k_(?:live|test)_[A-Za-z0-9]{16,250}|whsec_[A-Za-z0-9+/=]{24,100})",
  ),
  token("square-token", "sq0", "sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,43}"),
  gated("twilio-key", "SK[0-9a-f]{8}", "SK[0-9a-f]{32}(?![A-Za-z0-9])"),
  gated("mailgun-key", "key-[0-9a-f]{8}", "key-[0-9a-f]{32}(?![A-Za-z0-9])"),
  gated("mailchimp-key", "[0-9a-f]-us\\d", "[0-9a-f]{32}-us\\d{1,2}(?![A-Za-z0-9])"),
  token("newrelic-key", "NRAK-", "NRAK-[A-Z0-9]{27}"),
  token("postman-key", "PMAK-", "PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
  token("planetscale-token", "pscale_", "pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{32,64}"),
  token("pinecone-key", "pcsk_", "pcsk_[A-Za-z0-9_]{40,100}"),
  token("supabase-key", ["sbp_", "sb_secret_"], "(?:sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{20,60})"),
  token("replicate-token", "r8_", "r8_[A-Za-z0-9]{37}"),
  token("vault-token", ["hvs.", "hvb.", "hvr."], "hv[sbr]\\.[A-Za-z0-9_-]{24,400}"),
  token("telegram-token", ":AA", "\\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
  token("age-key", "AGE-SECRET-KEY-1", "AGE-SECRET-KEY-1[A-Z0-9]{58}"),
  token("jwt", "eyJ", "eyJ[A-Za-z0-9_-]{8,4000}\\.eyJ[A-Za-z0-9_-]{8,8000}(?:\\.[A-Za-z0-9_-]{0,2000})?"),
]
