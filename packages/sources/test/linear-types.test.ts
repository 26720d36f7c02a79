import type { LinearDocument } from "@linear/sdk"
import type * as Linear from "@linear/sdk/webhooks"
import { describe, expect, expectTypeOf, it } from "vitest"
import type { z } from "zod"
import { rules } from "../src/linear/normalize.ts"
import type * as schemas from "../src/linear/schemas.ts"

/** Checked by the compiler: whatever Linear's published types allow, the schemas accept. */
describe("what Linear's types say can be read", () => {
  it("as a whole delivery", () => {
    expectTypeOf<Omit<Linear.EntityWebhookPayloadWithIssueData, "createdAt" | "data">>().toExtend<
      Omit<z.input<typeof schemas.Envelope>, "createdAt" | "data">
    >()
    // The library reads the envelope's time as a Date; on the wire it is a text.
    expectTypeOf<Linear.EntityWebhookPayloadWithIssueData["createdAt"]>().toEqualTypeOf<Date>()
  })

  it("thing by thing", () => {
    expectTypeOf<LinearDocument.IssueWebhookPayload>().toExtend<z.input<typeof schemas.Issue>>()
    expectTypeOf<LinearDocument.CommentWebhookPayload>().toExtend<z.input<typeof schemas.Comment>>()
    expectTypeOf<LinearDocument.ProjectWebhookPayload>().toExtend<z.input<typeof schemas.Project>>()
    expectTypeOf<LinearDocument.ProjectUpdateWebhookPayload>().toExtend<z.input<typeof schemas.Update>>()
    expectTypeOf<LinearDocument.InitiativeWebhookPayload>().toExtend<z.input<typeof schemas.Initiative>>()
    expectTypeOf<LinearDocument.InitiativeUpdateWebhookPayload>().toExtend<z.input<typeof schemas.Update>>()
    expectTypeOf<LinearDocument.CycleWebhookPayload>().toExtend<z.input<typeof schemas.Cycle>>()
    expectTypeOf<LinearDocument.DocumentWebhookPayload>().toExtend<z.input<typeof schemas.Document>>()
    expectTypeOf<LinearDocument.IssueLabelWebhookPayload>().toExtend<z.input<typeof schemas.LabelData>>()
    expectTypeOf<LinearDocument.ReactionWebhookPayload>().toExtend<z.input<typeof schemas.Reaction>>()
    expectTypeOf<LinearDocument.AttachmentWebhookPayload>().toExtend<z.input<typeof schemas.Attachment>>()
    expectTypeOf<LinearDocument.UserWebhookPayload>().toExtend<z.input<typeof schemas.UserData>>()
  })

  it("and every type of event they name is known", () => {
    const types = {
      Attachment: 1,
      AuditEntry: 1,
      Comment: 1,
      Customer: 1,
      CustomerNeed: 1,
      Cycle: 1,
      Document: 1,
      Initiative: 1,
      InitiativeUpdate: 1,
      Issue: 1,
      IssueLabel: 1,
      Project: 1,
      ProjectUpdate: 1,
      Reaction: 1,
      User: 1,
      IssueSLA: 1,
      OAuthApp: 1,
      AppUserNotification: 1,
      PermissionChange: 1,
      AgentSessionEvent: 1,
    } satisfies Record<Linear.LinearWebhookEventType, 1>
    expect(Object.keys(types).filter((type) => !rules.has(type))).toEqual([])
  })
})

import attachmentCreate from "./fixtures/linear/attachment-create-pull-request.json" with { type: "json" }
import commentCreate from "./fixtures/linear/comment-create.json" with { type: "json" }
import cycleUpdate from "./fixtures/linear/cycle-update-completed.json" with { type: "json" }
import documentUpdate from "./fixtures/linear/document-update.json" with { type: "json" }
import initiativeUpdateCreate from "./fixtures/linear/initiative_update-create.json" with { type: "json" }
import initiativeUpdate from "./fixtures/linear/initiative-update-project-added.json" with { type: "json" }
import labelUpdate from "./fixtures/linear/issue_label-update.json" with { type: "json" }
import issueUpdate from "./fixtures/linear/issue-update-planned.json" with { type: "json" }
import projectUpdateCreate from "./fixtures/linear/project_update-create.json" with { type: "json" }
import projectCreate from "./fixtures/linear/project-create.json" with { type: "json" }
import reactionCreate from "./fixtures/linear/reaction-create.json" with { type: "json" }
import userUpdate from "./fixtures/linear/user-update.json" with { type: "json" }

describe("the fixtures", () => {
  it("carry every field that Linear's types require, as the compiler sees it", () => {
    issueUpdate.data satisfies LinearDocument.IssueWebhookPayload
    commentCreate.data satisfies LinearDocument.CommentWebhookPayload
    projectCreate.data satisfies LinearDocument.ProjectWebhookPayload
    projectUpdateCreate.data satisfies LinearDocument.ProjectUpdateWebhookPayload
    initiativeUpdate.data satisfies LinearDocument.InitiativeWebhookPayload
    initiativeUpdateCreate.data satisfies LinearDocument.InitiativeUpdateWebhookPayload
    cycleUpdate.data satisfies LinearDocument.CycleWebhookPayload
    documentUpdate.data satisfies LinearDocument.DocumentWebhookPayload
    labelUpdate.data satisfies LinearDocument.IssueLabelWebhookPayload
    reactionCreate.data satisfies LinearDocument.ReactionWebhookPayload
    attachmentCreate.data satisfies LinearDocument.AttachmentWebhookPayload
    userUpdate.data satisfies LinearDocument.UserWebhookPayload
  })
})
