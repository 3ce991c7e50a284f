import { expect, it } from "vitest";

import { stageWords } from "./stage-words";

it.each([
  ["vm_created", "Machine created"],
  ["creating", "creating"],
  ["of_another_version", "of_another_version"],
  [null, null],
])("%s is told as %s", (stage, words) => {
  expect(stageWords(stage)?.toLowerCase()).toBe(words?.toLowerCase());
});
