/**
 * Keeps xterm.js's 24-bit colours under the page's Content-Security-Policy.
 *
 * xterm.js writes a cell's colour that no class stands for with `setAttribute("style", …)`, which `style-src`
 * without 'unsafe-inline' blocks; the same text given to `style.cssText` is not touched by it (CSP 3, section
 * 6.7.3: CSSOM).  The build fails when xterm.js does it another way: a terminal without colours is seen late.
 */

import type { Plugin } from "vite";

const MODULE = /\/@xterm\/xterm\/lib\/xterm\.mjs$/;
/** `DomRendererRowFactory._addStyle(element, style)`, minified. */
const CALL = /(\w+)\.setAttribute\("style",(`[^`]*`)\)/g;

/** The module with its one such call put otherwise.  Raises Error where it has none or another one. */
export function withCssText(source: string): string {
  const calls = source.split('setAttribute("style"').length - 1;
  const found = [...source.matchAll(CALL)].length;
  if (calls !== 1 || found !== 1)
    throw new Error(
      `xterm.js sets ${calls} style attributes, ${found} of them in the known way; 1 was expected: see vite/xterm-colours.ts.`,
    );
  return source.replace(CALL, "$1.style.cssText=$2");
}

export function xtermColours(): Plugin {
  let seen = false;
  return {
    name: "xterm-colours",
    apply: "build", // the development server sends no policy
    transform: {
      filter: { id: MODULE },
      handler(code) {
        seen = true;
        return { code: withCssText(code), map: null };
      },
    },
    buildEnd(error) {
      if (error === undefined && !seen) this.error("The build has no @xterm/xterm/lib/xterm.mjs.");
    },
  };
}
