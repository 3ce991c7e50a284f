/** Tools and credentials for tests: of the demo, verified, sealed, unless a test says otherwise. */

import type { Credential, Provider } from "../api/types";

export const credentialWith = (special: Partial<Credential> = {}): Credential => ({
  credential_id: "c-1",
  provider: "demo",
  account: "ada",
  expires_at: null,
  login_expires_at: null,
  usable_until: null,
  expires_soon: false,
  scopes: [],
  sealed_at: "2026-11-02T00:00:00Z",
  session_id: "s-1",
  custody: "sealed",
  holder: null,
  held_since: null,
  doubt: null,
  ...special,
});

export const HELD: Partial<Credential> = {
  custody: "checked_out",
  holder: "ci-3",
  held_since: "2026-11-02T12:00:00Z",
};

export const providerWith = (special: Partial<Provider> = {}): Provider => ({
  name: "demo",
  title: "Demo",
  vendor: "Vestibule",
  description: "A tool of our own.",
  version: "0.1.0",
  flows: ["loopback"],
  verified: true,
  unverified_because: null,
  notes: null,
  credential_files: ["~/.demo/auth.json"],
  credential: null,
  open_session_id: null,
  ...special,
});
