import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readable } from "../src/slack/text/readable.ts"

const markdown = (text: string) => readable({ text }).markdown
const section = (...elements: object[]) => ({ type: "rich_text_section", elements })
const rich = (...elements: object[]) => readable({ blocks: [{ type: "rich_text", elements }] }).markdown

describe("Slack's markup becomes markdown", () => {
  it.each([
    ["*bold* _it_ ~gone~", "**bold** _it_ ~~gone~~"],
    ["*bold and ~gone~*, *again*", "**bold and ~~gone~~**, **again**"],
    ["*Decision:* go", "**Decision:** go"],
    ["5*3*2 a*b* *not closed", "5*3*2 a*b* *not closed"],
    ["* item\n* other", "* item\n* other"],
    ["**already** markdown", "**already** markdown"],
    ["*two\nlines*", "*two\nlines*"],
    ["snake_case_name and ~/bin and ~/lib", "snake_case_name and ~/bin and ~/lib"],
    ["<@U12345|ada> and <@W12345>", "@U12345 and @W12345"],
    ["<#C12345|general> <#C99999> <#C77777|>", "#general #C99999 #C77777"],
    ["<!here> <!channel|channel> <!everyone>", "@here channel @everyone"],
    ["<!subteam^S12345|@ops> <!subteam^S99999>", "@ops @S99999"],
    ["<!date^1392734382^{date_short}^https://x.example|Feb 18, 2014>", "Feb 18, 2014"],
    ["<https://x.example/a|the doc>", "[the doc](https://x.example/a)"],
    ["<https://x.example/a_b_(c)|a [b]>", "[a \\[b\\]](https://x.example/a_b_%28c%29)"],
    ["<https://x.example/?a=1&amp;b=2>", "https://x.example/?a=1&b=2"],
    ["<http://x.example|x.example>", "http://x.example"],
    ["<mailto:a@b.example|a@b.example> <tel:+4930>", "a@b.example +4930"],
    ["<javascript:alert(1)|press here>", "press here"],
    ["*see <https://x.example|this> now*", "**see [this](https://x.example) now**"],
    ["`a *b* &lt;c&gt; <http://x.example>`", "`a *b* <c> http://x.example`"],
    ["before ```one\n*two* &amp; <http://x.example|x>``` after", "before\n```\none\n*two* & x\n```\nafter"],
    ["```never closed *x*", "```never closed **x**\n```"],
    ["a ` b ` c", "a ` b ` c"],
    ["&gt; quoted *b*\nnot", "> quoted **b**\nnot"],
    ["one\n&gt;&gt;&gt; two\nthree", "one\n> two\n> three"],
    ["• one\n    ◦ two", "- one\n    - two"],
    ["a &lt; b &amp;&amp; c &gt; d &amp;lt;", "a < b && c > d &lt;"],
    ["List&lt;Foo&gt; &lt;script&gt; &lt;!-- x --&gt;", "List\\<Foo> \\<script> \\<\\!-- x -->"],
    [":tada: done", ":tada: done"],
    ["a\r\nb\n\n\n\nc   ", "a\nb\n\nc"],
    ["👍 ?!", "👍 ?!"],
    ["", ""],
    ["  \n ", ""],
  ])("%j", (text, expected) => {
    expect(markdown(text)).toBe(expected)
  })

  it("tells who and what is mentioned, once each", () => {
    const { mentions } = readable({
      text: "<@U12345> <@U12345|ada> <#C12345|general> <!subteam^S1234|@ops> <!here> <@nobody>",
    })
    expect(mentions).toEqual(["U12345", "C12345", "S1234"])
  })

  it("names at most a hundred", () => {
    const text = Array.from({ length: 5_000 }, (_, i) => `<@U${10_000 + i}>`).join(" ")
    expect(readable({ text }).mentions).toHaveLength(100)
  })
})

describe("what the editor sends", () => {
  it("keeps styles around words, lists with their depth, quotes and code", () => {
    expect(
      rich(
        section({ type: "text", text: "very bold ", style: { bold: true, italic: true } }, { type: "text", text: "x" }),
      ),
    ).toBe("**_very bold_** x")
    expect(rich(section({ type: "text", text: "a`b", style: { code: true } }))).toBe("``a`b``")
    const list = (indent: number, style: string, ...items: string[]) => ({
      type: "rich_text_list",
      style,
      indent,
      elements: items.map((text) => section({ type: "text", text })),
    })
    expect(
      rich(list(0, "bullet", "a", "b"), list(1, "ordered", "c", "d"), section({ type: "text", text: "end" })),
    ).toBe("- a\n- b\n  1. c\n  2. d\n\nend")
    expect(rich({ type: "rich_text_quote", elements: [{ type: "text", text: "a\nb" }] })).toBe("> a\n> b")
    expect(rich({ type: "rich_text_preformatted", elements: [{ type: "text", text: "x = ```\n<b>" }] })).toBe(
      "````\nx = ```\n<b>\n````",
    )
  })

  it("reads what was typed as typed: nothing is escaped there", () => {
    expect(rich(section({ type: "text", text: "a &amp; b < c <b>" }))).toBe("a &amp; b < c \\<b>")
  })

  it("names a channel and a group as the text does", () => {
    const blocks = [
      {
        type: "rich_text",
        elements: [
          section(
            { type: "channel", channel_id: "C12345" },
            { type: "text", text: " " },
            { type: "usergroup", usergroup_id: "S12345" },
          ),
        ],
      },
    ]
    expect(readable({ blocks, text: "<#C12345|general> <!subteam^S12345|@ops>" }).markdown).toBe("#general @ops")
    expect(readable({ blocks }).markdown).toBe("#C12345 @S12345")
  })
})

describe("what apps compose", () => {
  it("is its blocks, as Slack shows them, unless they say less than the text", () => {
    const blocks = [{ type: "header", text: { type: "plain_text", text: "Deploy" } }]
    expect(readable({ text: "Deploy", blocks }).markdown).toBe("## Deploy")
    const unknown = [{ type: "hologram", shape: "round" }]
    expect(readable({ text: "Deploy of shop 1.2", blocks: unknown }).markdown).toBe("Deploy of shop 1.2")
    expect(readable({ text: "ok", blocks: unknown }).markdown).toBe("ok")
  })

  it("leaves out buttons, and previews of links: those are somebody else's words", () => {
    const preview = {
      from_url: "https://acme.slack.com/archives/C1/p1",
      is_msg_unfurl: true,
      text: "secret of another channel",
    }
    expect(readable({ text: "see", attachments: [preview] }).markdown).toBe("see")
    expect(
      readable({
        blocks: [{ type: "actions", elements: [{ type: "button", text: { type: "plain_text", text: "Go" } }] }],
      }).markdown,
    ).toBe("")
  })

  it("reads tables, fields and the older attachments", () => {
    const cell = (text: string) => ({ type: "raw_text", text })
    expect(
      readable({
        blocks: [
          {
            type: "table",
            rows: [
              [cell("a"), cell("b|c")],
              [cell("1"), cell("2")],
            ],
          },
        ],
      }).markdown,
    ).toBe("| a | b\\|c |\n| --- | --- |\n| 1 | 2 |")
    expect(readable({ attachments: [{ fallback: "only this" }] }).markdown).toBe("only this")
  })

  it("names files, shows a snippet, and forgets a deleted one", () => {
    const files = [
      { name: "a.pdf", title: "Report" },
      { name: "b.ts", title: "b.ts", mode: "snippet", preview: "let b" },
      { mode: "tombstone", name: "gone.txt" },
      { id: "F1" },
    ]
    expect(readable({ files }).markdown).toBe("File: Report (a.pdf)\n\nFile: b.ts\n\n```\nlet b\n```")
  })

  it("throws at nothing, whatever it is made of", () => {
    const nonsense = fc.jsonValue({ maxDepth: 6 })
    const typed = fc.record({
      type: fc.constantFrom("rich_text", "section", "table", "context", "image", "header"),
      elements: nonsense,
      text: nonsense,
      fields: nonsense,
      rows: nonsense,
      title: nonsense,
    })
    fc.assert(
      fc.property(fc.oneof(nonsense, fc.array(typed)), nonsense, nonsense, (blocks, attachments, files) => {
        const said = readable({ text: "x", blocks, attachments, files })
        expect(typeof said.markdown).toBe("string")
      }),
    )
  })
})

describe("any text", () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(
        "*",
        "_",
        "~",
        "`",
        "```",
        "&gt;",
        "&lt;",
        "&amp;",
        "<@U123>",
        "<#C12|x>",
        "<!here>",
        "\n",
        " ",
        "<https://x.example|y>",
        "•",
        "\ufffc",
        ">",
        "<",
      ),
      fc.string({ maxLength: 8, unit: "grapheme" }).map((text) => text.replace(/[<>&]/g, "")),
    ),
    { maxLength: 60 },
  )
  it("keeps its words, closes its fences, and reads the same twice", () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join("")
        const out = markdown(text)
        expect(markdown(text)).toBe(out)
        expect(out).not.toContain("\ufffc")
        const words = (each: string) =>
          each.replace(/<(?:@|#|!|https)[^<>\n]*>|&(?:lt|gt|amp);/g, " ").match(/[\p{L}\p{N}]{3,}/gu) ?? []
        for (const word of words(text)) expect(out).toContain(word)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    "*",
    "*a ",
    "<",
    "`",
    "_a ",
    "~",
    "&gt; ",
    "<@U1>",
    "&lt;",
    "```",
    "a* ",
    "<a|",
    "\n&gt;",
    "    x",
    "•",
    "``` ` ",
  ])("a megabyte of %j takes the processor less than five seconds", (piece) => {
    const text = `${piece.repeat(1_000_000 / piece.length)}x`
    const started = process.cpuUsage()
    readable({
      text,
      blocks: [{ type: "rich_text", elements: [section({ type: "text", text, style: { bold: true } })] }],
      attachments: [{ text }],
    })
    // Processor time, because the machine may be busy with other things.
    expect(process.cpuUsage(started).user / 1_000).toBeLessThan(5_000)
  })
})
