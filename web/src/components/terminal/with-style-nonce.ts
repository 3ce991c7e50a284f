import { styleNonce } from "../../style-nonce";

/**
 * Gives the style elements that are made meanwhile the page's nonce: xterm.js makes its own and asks nobody for
 * one, and without it they have no effect here (Content-Security-Policy, `style-src`).
 */
export function withStyleNonce(make: () => void): void {
  const create = Reflect.get(document, "createElement") as (...given: unknown[]) => HTMLElement;
  const value = (...given: unknown[]): HTMLElement => {
    const element = create.apply(document, given);
    if (element instanceof HTMLStyleElement) element.nonce = styleNonce();
    return element;
  };
  Object.defineProperty(document, "createElement", { configurable: true, value });
  try {
    make();
  } finally {
    Reflect.deleteProperty(document, "createElement"); // the prototype's is there again
  }
}
