import { expect, it } from "vitest";

import { credentialWith, providerWith } from "../../testing/providers";
import { inOrder, matching } from "./tools";

const UNTRIED = providerWith({ name: "a", title: "Aider", verified: false });
const USABLE = providerWith({ name: "b", title: "Codex", vendor: "OpenAI" });
const ALSO_USABLE = providerWith({ name: "c", title: "Claude Code", vendor: "Anthropic" });
const CONNECTED = providerWith({ name: "d", title: "opencode", credential: credentialWith() });
const UNDER_WAY = providerWith({ name: "e", title: "gh", open_session_id: "s-1" });
const ALL = [UNTRIED, USABLE, ALSO_USABLE, CONNECTED, UNDER_WAY];

it("lists what a person has before what can be had, and what nobody could try last", () => {
  expect(inOrder(ALL)).toEqual([UNDER_WAY, CONNECTED, ALSO_USABLE, USABLE, UNTRIED]);
});

it("lists a connected tool first although nobody could try it", () => {
  const both = { ...UNTRIED, credential: credentialWith() };
  expect(inOrder([USABLE, both])).toEqual([both, USABLE]);
});

it("finds a tool by words of its title and vendor in any order and case", () => {
  expect(matching(ALL, " anthropic CLAUDE ")).toEqual([ALSO_USABLE]);
});

it("finds all without a word", () => {
  expect(matching(ALL, "  ")).toEqual(ALL);
});
