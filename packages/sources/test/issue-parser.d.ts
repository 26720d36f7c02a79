/** The part of issue-parser that a test compares closing words with; the package ships no types. */
declare module "issue-parser" {
  function parser(host: "github"): (text: string) => { actions: { close?: readonly unknown[] } }
  export = parser
}
