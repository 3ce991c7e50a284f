import { expect, it } from "vitest";

import type { Provider } from "../../api/types";
import { credentialWith, providerWith } from "../../testing/providers";
import { loginWords } from "../credentials/forecast";
import { cardState } from "./connection-state";

const NOW = Date.UTC(2026, 10, 3);
const HOUR = 3_600_000;

const CREDENTIAL = credentialWith();
const PROVIDER = providerWith();

const after = (ms: number): string => new Date(NOW + ms).toISOString();
const withExpiry = (ms: number, loginMs?: number): Provider => ({
  ...PROVIDER,
  credential: {
    ...CREDENTIAL,
    expires_at: after(ms),
    usable_until: loginMs === undefined ? null : after(loginMs),
  },
});

it.each<[string, Provider, object]>([
  ["nothing", PROVIDER, { text: "Not connected", tone: "quiet", detail: null }],
  [
    "a credential",
    { ...PROVIDER, credential: CREDENTIAL },
    { text: "Connected as ada", tone: "good", detail: null },
  ],
  [
    "a credential of an unnamed account",
    { ...PROVIDER, credential: { ...CREDENTIAL, account: null } },
    { text: "Connected" },
  ],
  ["one to be refreshed", withExpiry(50 * HOUR), { tone: "good", detail: "Access expires in 2 days" }],
  ["one to be refreshed at once", withExpiry(20_000), { tone: "good", detail: "Access expires in 1 minute" }],
  ["one that nobody refreshed", withExpiry(-HOUR), { text: "Access expired", tone: "quiet" }],
  [
    "one that nobody refreshed, of a login that is good",
    withExpiry(-HOUR, 20 * 24 * HOUR),
    {
      text: "Connected as ada",
      tone: "good",
      detail: loginWords({ usable_until: after(20 * 24 * HOUR) }, NOW),
    },
  ],
  [
    "a login that has expired",
    withExpiry(HOUR, -HOUR),
    { text: "Login expired", tone: "bad", next: "renew" },
  ],
  [
    "a login that ends soon",
    { ...PROVIDER, credential: { ...CREDENTIAL, usable_until: after(30 * HOUR), expires_soon: true } },
    { text: "Login ends soon", tone: "warn", next: "renew" },
  ],
  [
    "a credential in doubt",
    { ...PROVIDER, credential: { ...CREDENTIAL, doubt: "The provider refused it to ci-3." } },
    { text: "May not work", tone: "warn", detail: "The provider refused it to ci-3.", next: "renew" },
  ],
  [
    "a session under way, whatever was before",
    { ...withExpiry(-HOUR), open_session_id: "s-2" },
    { text: "Signing in", tone: "busy" },
  ],
])("says how it stands with %s", (_, provider, state) => {
  expect(cardState(provider, NOW)).toMatchObject(state);
});
