import { expect, it } from "vitest";

import type { Provider } from "../../api/types";
import { credentialWith, providerWith } from "../../testing/providers";
import { cardState } from "./connection-state";

const NOW = Date.UTC(2026, 10, 3);
const HOUR = 3_600_000;

const CREDENTIAL = credentialWith();
const PROVIDER = providerWith();

const withExpiry = (ms: number): Provider => ({
  ...PROVIDER,
  credential: { ...CREDENTIAL, expires_at: new Date(NOW + ms).toISOString() },
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
  ["one that will expire", withExpiry(50 * HOUR), { tone: "good", detail: "Expires in 2 days" }],
  ["one about to expire", withExpiry(20_000), { tone: "good", detail: "Expires in 1 minute" }],
  ["one that has", withExpiry(-HOUR), { text: "Expired", tone: "bad", detail: "1 hour ago" }],
  [
    "a session under way, whatever was before",
    { ...withExpiry(-HOUR), open_session_id: "s-2" },
    { text: "Signing in", tone: "busy" },
  ],
])("says how it stands with %s", (_, provider, state) => {
  expect(cardState(provider, NOW)).toMatchObject(state);
});
