// @vitest-environment node
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { expect, it } from "vitest";

import { withCssText } from "./xterm-colours";

const home = dirname(createRequire(import.meta.url).resolve("@xterm/xterm/package.json"));
const source = readFileSync(join(home, "lib/xterm.mjs"), "utf8");

/** What the module does to style a cell, as a function of the cell and the style. */
function addStyle(module: string): (cell: unknown, style: string) => void {
  const [, cell = "", style = "", body = ""] =
    /_addStyle\((\w+),(\w+)\)\{([^}]*\}[^}]*\}[^}]*)\}/.exec(module) ?? [];
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the module's own text, as the browser runs it
  return new Function(cell, style, body) as (cell: unknown, style: string) => void;
}

it("colours a cell without the attribute that the policy blocks", () => {
  const cell = { style: { cssText: "" }, getAttribute: () => "color:#00ff00;" };
  addStyle(withCssText(source))(cell, "background-color:#ff0000");
  expect(cell.style.cssText).toBe("color:#00ff00;background-color:#ff0000;");
});

it.each([
  ["no call", "element.style.cssText = style"],
  ["a call of another kind", 'a.setAttribute("style",b)'],
  ["one call more", `${source};c.setAttribute("style",\`\${d}\`)`],
])("fails on %s", (_what, changed) => {
  expect(() => withCssText(changed)).toThrow("vite/xterm-colours.ts");
});
