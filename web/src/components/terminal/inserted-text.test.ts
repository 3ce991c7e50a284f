import { Terminal } from "@xterm/xterm";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { sendInsertedText } from "./inserted-text";

let terminal: Terminal;
/** What went to the machine. */
let sent: string;

beforeEach(() => {
  vi.useFakeTimers();
  const media = { matches: false, addListener: vi.fn(), removeListener: vi.fn(), addEventListener: vi.fn() };
  vi.stubGlobal("matchMedia", () => media); // xterm.js asks it in the old way
  sent = "";
  terminal = new Terminal({ screenReaderMode: true });
  terminal.open(document.body.appendChild(document.createElement("div")));
  terminal.onData((text) => {
    sent += text;
  });
  sendInsertedText(terminal);
});

afterEach(() => {
  terminal.dispose();
  document.body.replaceChildren();
  vi.useRealTimers();
});

function field(): HTMLTextAreaElement {
  if (terminal.textarea === undefined) throw new Error("The terminal is not open.");
  return terminal.textarea;
}

const key = (name: "keydown" | "keypress" | "keyup", init: Record<string, unknown>): void => {
  field().dispatchEvent(new KeyboardEvent(name, { bubbles: true, cancelable: true, ...init }));
};

function insert(data: string, special: InputEventInit = {}): void {
  field().value += data;
  const init = { bubbles: true, composed: true, inputType: "insertText", data, ...special };
  field().dispatchEvent(new InputEvent("input", init));
}

it("sends what comes without a key", () => {
  insert("🎉");
  expect(sent).toBe("🎉");
});

it("sends a key's character once", () => {
  for (const [character, keyCode] of [
    ["a", 65],
    ["A", 65],
  ] as const) {
    key("keydown", { key: character, keyCode });
    key("keypress", { key: character, charCode: character.charCodeAt(0) });
    insert(character);
    key("keyup", { key: character, keyCode });
  }
  expect(sent).toBe("aA");
});

it("sends once what a phone's keyboard types, which names no key", () => {
  key("keydown", { key: "Unidentified", keyCode: 229 });
  insert("x");
  vi.runAllTimers();
  key("keyup", { key: "Unidentified", keyCode: 229 });
  expect(sent).toBe("x");
});

it("sends once what was composed", () => {
  field().dispatchEvent(new CompositionEvent("compositionstart"));
  insert("に", { inputType: "insertCompositionText", isComposing: true });
  field().dispatchEvent(new CompositionEvent("compositionend", { data: "に" }));
  insert("、");
  vi.runAllTimers();
  expect(sent).toBe("に、");
});

it("sends what a panel inserts whose shortcut's keys came up elsewhere", () => {
  key("keydown", { key: " ", keyCode: 32, ctrlKey: true, metaKey: true });
  sent = ""; // the shortcut itself is xterm.js's affair
  insert("🎉");
  expect(sent).toBe("🎉");
});
