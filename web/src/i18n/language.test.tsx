import { render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";

import { rich, t } from ".";
import { number } from "./formats";
import { choose, language, localeOf, wanted } from "./language";
import { ago, dateAt, duration, fromNow, roughly } from "../ui/time";

afterEach(async () => {
  await choose("en");
  window.localStorage.clear();
});

describe("the page's language", () => {
  it.each([
    [null, ["de-AT", "en"], "de"],
    [null, ["fr", "en-GB", "de"], "en"],
    [null, ["fr"], "en"],
    ["en", ["de"], "en"],
    ["tlh", ["de"], "de"],
  ])("is what was kept (%s), else the first known of %s", (kept, preferred, expected) => {
    expect(wanted(kept, preferred)).toBe(expected);
  });

  it("keeps the person's region for dates and numbers", () => {
    expect(localeOf("de", ["en-GB", "de-AT"])).toBe("de-AT");
    expect(localeOf("de", ["en-GB"])).toBe("de");
  });

  it("is kept in the browser and told to the page's readers", async () => {
    await choose("de");
    expect(language()).toBe("de");
    expect(document.documentElement.lang).toBe("de");
    expect(window.localStorage.getItem("vestibule.language")).toBe("de");
  });
});

describe("German", () => {
  it("counts, measures and dates by its own rules", async () => {
    await choose("de");
    expect(t("connect.toolCount", { count: 1 })).toBe("1 Werkzeug");
    expect(t("connect.toolCount", { count: 12 })).toBe("12 Werkzeuge");
    expect(number(1234.5, 1)).toBe("1.234,5");
    expect(duration(0.42)).toBe("0,42 s");
    expect(roughly(3 * 86_400)).toBe("3 Tage");
    expect(fromNow(3 * 86_400)).toBe("in 3 Tagen");
    expect(ago(7_200)).toBe("vor 2 Stunden");
    expect(dateAt("2026-12-03T12:00:00Z", Date.parse("2026-11-30"))).toBe("3. Dez.");
  });
});

describe("a rich text", () => {
  it("has elements where its values and marks are", () => {
    render(<p>{rich("goldens.takesPlaceOf", { id: "g-1" })}</p>);
    expect(screen.getByText("g-1").tagName).toBe("CODE");
    expect(screen.getByText(/It takes the place of/)).toHaveTextContent("It takes the place of g-1.");
  });
});
