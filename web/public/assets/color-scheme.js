// Runs before the first paint, so that a dark page never flashes white.  Same key as Mantine's own store.
{
  const wish = localStorage.getItem("mantine-color-scheme-value");
  const dark = wish === "dark" || (wish !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.mantineColorScheme = dark ? "dark" : "light";
}
