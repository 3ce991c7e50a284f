import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { xtermColours } from "./vite/xterm-colours.ts";

/** Where `npm run dev` finds the API: the controller, or `npm run dev:fake`. */
const controller = process.env.VESTIBULE_CONTROLLER ?? "http://127.0.0.1:4000";

/** noVNC awaits at its top level, and `light-dark()` and nesting must reach the browser as written. */
const browsers = ["chrome123", "edge123", "firefox121", "safari17.5"];

export default defineConfig({
  base: "/dashboard/",
  plugins: [react(), xtermColours()],
  // The controller puts a new one in for every page (api/pages.py): style elements that the page makes carry it.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    target: browsers,
    cssTarget: browsers,
    assetsInlineLimit: 0,
    manifest: true,
    reportCompressedSize: true,
    chunkSizeWarningLimit: 700,
    // A picture's own chunk is smaller than the request for it.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "icons", test: /@tabler/ }] } } },
  },
  server: { proxy: { "/api": { target: controller, ws: true } } },
  test: {
    environment: "jsdom",
    environmentOptions: { jsdom: { url: "http://127.0.0.1:4000/dashboard/" } },
    setupFiles: ["src/testing/setup.ts"],
    // Deadlines, not durations: the machine may be busy with virtual machines.
    testTimeout: 30_000,
    restoreMocks: true,
    unstubGlobals: true,
    css: false,
  },
});
