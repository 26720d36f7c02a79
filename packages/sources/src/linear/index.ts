import type { Source } from "@engram/contracts/source"
import { normalize } from "./normalize.ts"
import { contentTypes, deliveryKey, eventName, isAuthentic, keptHeaders } from "./receive.ts"
import { render } from "./render.ts"

/** Linear, by the webhooks of a workspace or a team. */
export const linear: Source = {
  name: "linear",
  contentTypes,
  keptHeaders,
  deliveryKey,
  isAuthentic,
  secretFrom: "there",
  setup:
    "In Linear: Settings → Administration → API → New webhook, with this URL, all public teams and every data change event; then connect again with the signing secret it shows.",
  eventName,
  normalize,
  render,
}
