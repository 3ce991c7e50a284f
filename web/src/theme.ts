/** Colours and type.  Contrasts are chosen for WCAG AA on the surfaces of `tokens.css`. */

import {
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from "@mantine/core";

/** The green of an old copper door. */
const verdigris: MantineColorsTuple = [
  "#eaf7f3",
  "#d3ece4",
  "#a8dac9",
  "#79c7ad",
  "#5fcaa9",
  "#3aa985",
  "#1f8a70",
  "#177561",
  "#11614f",
  "#0b4d3f",
];

/** Stone, from paper to slate. */
const gray: MantineColorsTuple = [
  "#faf8f5",
  "#f3f0ea",
  "#e9e5dc",
  "#ddd8cd",
  "#c8c3b8",
  "#a4a198",
  "#60665f",
  "#4a514b",
  "#333a35",
  "#1f2421",
];

const dark: MantineColorsTuple = [
  "#e3e9e5",
  "#b9c3be",
  "#9aa6a0",
  "#58645e",
  "#33403a",
  "#222b28",
  "#191f1d",
  "#111614",
  "#0c100f",
  "#080b0a",
];

/** Mantine's own resolver knows one scheme only; buttons take their colours from `tokens.css` instead. */
const resolver: VariantColorsResolver = (input) => {
  const colours = defaultVariantColorsResolver(input);
  const name = input.color === "red" ? "bad" : "accent";
  if (input.color !== undefined && input.color !== "red" && input.color !== input.theme.primaryColor)
    return colours;
  const own = {
    color: `var(--v-on-${name})`,
    background: `var(--v-${name})`,
    hover: `var(--v-${name}-hover)`,
  };
  if (input.variant === "filled") return { ...colours, ...own };
  if (input.variant !== "light") return colours;
  return {
    ...colours,
    color: `var(--v-${name})`,
    background: `var(--v-${name}-soft)`,
    hover: `var(--v-${name}-dim)`,
  };
};

export const theme = createTheme({
  primaryColor: "verdigris",
  primaryShade: { light: 7, dark: 4 },
  variantColorResolver: resolver,
  colors: { verdigris, gray, dark },
  black: "#1f2421",
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", "Cascadia Code", "Noto Sans Mono", "Liberation Mono", monospace',
  headings: { fontWeight: "640" },
  components: {
    // Without motion Mantine leaves out the transition's styles, and with them what centres the loader.
    Button: { styles: { loader: { transform: "translate(-50%, -50%)" } } },
  },
});
