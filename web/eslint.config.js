import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** Imports point one way: pages → components → ui; only pages know the router, ui knows no API. */
const refuse = (...patterns) => ({ "no-restricted-imports": ["error", { patterns }] });
const router = { group: ["wouter", "wouter/*"], message: "Only pages know the router." };
const pages = { group: ["**/pages/*"], message: "Pages are the outermost layer." };
const api = { group: ["**/api/*", "@tanstack/*"], message: "ui knows no API." };
const components = { group: ["**/components/*"], message: "ui knows no components." };

export default tseslint.config(
  { ignores: ["dist", "src/api/generated"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "react-hooks": hooks },
    rules: {
      ...hooks.configs.recommended.rules,
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  { files: ["src/ui/**"], rules: refuse(router, pages, api, components) },
  { files: ["src/i18n/**"], rules: refuse(router, pages, api, components) },
  { files: ["src/components/**"], rules: refuse(router, pages) },
  { files: ["src/api/**"], rules: refuse(router, pages, components) },
  { files: ["**/*.test.{ts,tsx}"], rules: { "max-lines-per-function": "off" } },
  {
    files: ["dev/**", "public/**", "*.js", "*.mjs"],
    languageOptions: {
      globals: {
        process: "readonly",
        Buffer: "readonly",
        console: "readonly",
        URL: "readonly",
        setTimeout: "readonly",
        setInterval: "readonly",
        clearInterval: "readonly",
        document: "readonly",
        window: "readonly",
        localStorage: "readonly",
        matchMedia: "readonly",
      },
    },
  },
);
