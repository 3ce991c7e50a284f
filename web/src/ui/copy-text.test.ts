import { beforeEach, describe, expect, it, vi } from "vitest";

import { copyText } from "./copy-text";

/** What the older way finds selected. */
function olderWay(works: boolean): string[] {
  const copied: string[] = [];
  Object.assign(document, {
    execCommand: () => {
      const field = document.activeElement as HTMLTextAreaElement;
      copied.push(field.value.slice(field.selectionStart, field.selectionEnd));
      return works;
    },
  });
  return copied;
}

describe("copying a text", () => {
  beforeEach(() => {
    vi.stubGlobal("navigator", { clipboard: undefined });
  });

  it("goes by the clipboard where there is one", async () => {
    const writeText = vi.fn(() => Promise.resolve());
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    const copied = olderWay(true);
    expect(await copyText("a")).toBe(true);
    expect(writeText).toHaveBeenCalledExactlyOnceWith("a");
    expect(copied).toEqual([]);
  });

  it("copies without TLS, and leaves the focus where it was", async () => {
    const button = document.body.appendChild(document.createElement("button"));
    button.focus();
    const copied = olderWay(true);
    expect(await copyText("one\ntwo")).toBe(true);
    expect(copied).toEqual(["one\ntwo"]);
    expect(button).toHaveFocus();
    expect(document.querySelector("textarea")).toBeNull();
    button.remove();
  });

  it("says when neither way is open", async () => {
    olderWay(false);
    expect(await copyText("a")).toBe(false);
  });
});
