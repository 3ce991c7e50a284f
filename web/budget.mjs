/**
 * Weighs the JavaScript that the first page loads, by the build's own manifest; `npm run build` ends with it.
 *
 * Limit: 250 kB, compressed as a server would (gzip).  What is loaded when it is needed does not count; what
 * must never be loaded before it is needed is named here, so that it does not creep in while there is room.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const DIST = join(import.meta.dirname, "dist");
const LIMIT_BYTES = 250_000;
const LATE = [
  "src/i18n/de/index.ts",
  "src/pages/palette.tsx",
  "src/pages/session-page.tsx",
  "node_modules/@novnc/novnc/core/rfb.js",
  "node_modules/@xterm/xterm/lib/xterm.mjs",
];

const manifest = JSON.parse(await readFile(join(DIST, ".vite/manifest.json"), "utf8"));

/** The chunks that a chunk's own start needs, itself among them. */
function withImports(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const needed of manifest[name].imports ?? []) withImports(needed, found);
  return found;
}

const first = [...withImports("index.html")];
const weights = await Promise.all(
  first.map(async (name) => {
    const { file } = manifest[name];
    return { file, bytes: gzipSync(await readFile(join(DIST, file)), { level: 9 }).length };
  }),
);
const total = weights.reduce((sum, { bytes }) => sum + bytes, 0);
const early = first.filter((name) => LATE.includes(name));
// What is pulled into a chunk of the first page is no chunk of its own any more.
const missing = LATE.filter((name) => manifest[name]?.isDynamicEntry !== true);

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(`first JavaScript: ${kB(total)} of ${kB(LIMIT_BYTES)}, compressed, in ${weights.length} files`);
if (early.length > 0) console.error(`loaded before it is needed: ${early.join(", ")}`);
if (missing.length > 0) console.error(`no longer loaded on its own: ${missing.join(", ")}`);
if (total > LIMIT_BYTES) {
  console.error("too heavy; the heaviest:");
  for (const { file, bytes } of weights.sort((a, b) => b.bytes - a.bytes).slice(0, 8))
    console.error(`  ${kB(bytes)} ${file}`);
}
process.exitCode = total > LIMIT_BYTES || early.length > 0 || missing.length > 0 ? 1 : 0;
