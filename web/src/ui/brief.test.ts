import { expect, it } from "vitest";

import { brief } from "./brief";

it.each([
  ["4c70d2a88126465c0e5c96b624088f", "4c70d2a88126…"],
  ["vm-0123456789abcdef", "vm-0123456789ab…"],
  ["g-0123456789ab", "g-0123456789ab"],
  ["vm-1", "vm-1"],
  ["", ""],
])("shows %s as %s", (id, shown) => {
  expect(brief(id)).toBe(shown);
});
