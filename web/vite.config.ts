import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds the API: the controller, or `npm run dev:fake`. */
const controller = process.env.VESTIBULE_CONTROLLER ?? "http://127.0.0.1:4000";

/** noVNC awaits at its top level, and `light-dark()` and nesting must reach the browser as written. */
const browsers = ["chrome123", "edge123", "firefox121", "safari17.5"];

export default defineConfig({
  base: "/dashboard/",
  plugins: [react()],
  build: {
    target: browsers,
    cssTarget: browsers,
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    chunkSizeWarningLimit: 700,
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
