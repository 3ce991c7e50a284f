import { MantineProvider } from "@mantine/core";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, it, vi } from "vitest";

import { destinationsOf } from "./destinations";
import { Tabs } from "./tabs";

it("shows on a phone what it keeps showing, from the first drawing on", () => {
  vi.stubGlobal("matchMedia", (media: string) => ({ media, matches: media.includes("30em") }));
  const drawn = document.createElement("div");
  drawn.innerHTML = renderToStaticMarkup(
    <MantineProvider env="test">
      <Tabs tabs={destinationsOf({ operator: true })} />
    </MantineProvider>,
  );
  expect(drawn.querySelectorAll('nav a[data-late="false"]')).toHaveLength(3);
});
