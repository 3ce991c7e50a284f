/** Composition root: takes the token out of the address before anything else sees it, then draws. */

// In a cascade layer: style sheets of pages that come later, or before it, win over it in either case.
import "@mantine/core/styles.layer.css";
import "./tokens.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App, makeCache } from "./app";
import { begin } from "./i18n/language";
import { PATHS } from "./pages/paths";
import { keptToken, takeToken } from "./pages/sign-in-token";
import { spreadNonce } from "./style-nonce";

const take = window.location.pathname === PATHS.watch ? keptToken : takeToken;
const token = take(window.location, window.history);
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root.");
const page = createRoot(root);

const draw = (): void => {
  page.render(
    <StrictMode>
      <App cache={makeCache()} token={token} />
    </StrictMode>,
  );
};

spreadNonce();
// A language that does not arrive is no reason for an empty page: English is there.
begin().then(draw, draw);
