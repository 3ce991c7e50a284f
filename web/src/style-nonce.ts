/**
 * The one number that lets a style element of this page into effect (Content-Security-Policy, `style-src`).
 *
 * Mantine writes its variables so, and what locks the page behind a dialog from scrolling does.
 */

import { setNonce } from "get-nonce";

/** Empty where the page came without one: from the development server. */
export const styleNonce = (): string =>
  document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

/** Tells it to those that ask nobody. */
export function spreadNonce(): void {
  setNonce(styleNonce());
}
