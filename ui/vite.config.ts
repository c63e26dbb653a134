import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where `npm run ui:dev` finds a server to ask: `npm start`, or `node ui/dev/main.ts`. */
const server = process.env["NTA_UI_SERVER"] ?? "http://127.0.0.1:8090";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [react()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: ["chrome123", "firefox121", "safari17.5"],
    // Everything is a file: `default-src 'self'` refuses data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Swagger UI and cytoscape are large, and loaded only when asked for.
    chunkSizeWarningLimit: 2000,
  },
  // With its slash: `/apis` is a view.
  server: { proxy: { "/api/": server } },
});
