import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { App, makeCache } from "../app";
import { refusal, serve, type Answers } from "../testing/api";
import { credentialWith, HELD, providerWith } from "../testing/providers";
import { instant, sessionIn } from "../testing/sessions";
import { download } from "../ui/download";

vi.mock("../ui/download", () => ({ download: vi.fn() }));

const KEPT = credentialWith();
const TAKEN = credentialWith(HELD);
const OPENED = {
  credential_id: "c-1",
  provider: "demo",
  files: [{ path: "~/.demo/auth.json", mode: 0o600, content: "dmlzaWJseS1mYWtl" }],
};
const HELD_PROBLEM = {
  code: "credential_checked_out",
  cause: "The credential c-1 is checked out to ci-9.",
  remedy: "Wait until ci-9 returns it.",
};

function open(answers: Answers): string[] {
  const requests = serve({
    "GET /api/me": { user_id: "u-1", name: "ada", operator: true },
    "GET /api/credentials": [KEPT],
    "GET /api/providers": [providerWith()],
    ...answers,
  });
  window.history.replaceState(null, "", "/dashboard/credentials");
  render(<App cache={makeCache()} token={null} />);
  return requests;
}

const press = async (name: string): Promise<void> => {
  await userEvent.click(await screen.findByRole("button", { name }));
};

describe("the page of credentials", () => {
  beforeEach(() => {
    vi.mocked(download).mockReset();
  });

  it("says who holds a credential, and since when", async () => {
    open({ "GET /api/credentials": [TAKEN] });
    const card = within(await screen.findByRole("article"));
    expect(card.getByText("Checked out")).toBeVisible();
    expect(card.getByText("ci-3")).toBeVisible();
    expect(card.getByText(/^With/)).toHaveTextContent(/^With ci-3 since .*2026/);
  });

  it("says that nobody holds one that is in the vault", async () => {
    open({});
    expect(await screen.findByText("In the vault; nobody holds it")).toBeVisible();
  });

  it("lists what a credential allows", async () => {
    open({ "GET /api/credentials": [credentialWith({ scopes: ["user:profile", "user:inference"] })] });
    expect(await screen.findByText("user:profile")).toBeVisible();
    expect(screen.getByText("user:inference")).toBeVisible();
  });

  it("shows a credential of a tool that is not declared any more, and cannot renew it", async () => {
    open({ "GET /api/providers": [] });
    expect(await screen.findByRole("heading", { name: "demo" })).toBeVisible();
    expect(screen.queryByRole("button", { name: /^Renew/ })).toBeNull();
  });

  it("tells who had it when, once that is asked for", async () => {
    const history = [
      { custody: "sealed", holder: null, at: instant(0) },
      { custody: "checked_out", holder: "ci-3", at: instant(60) },
      { custody: "returned", holder: "ci-3", at: instant(120) },
    ];
    const requests = open({ "GET /api/credentials/c-1": { ...KEPT, history } });
    const fold = await screen.findByText("History");
    expect(requests).not.toContain("GET /api/credentials/c-1");
    await userEvent.click(fold);
    const words = (await screen.findAllByRole("listitem")).map((item) => item.textContent);
    expect(words).toEqual([
      expect.stringContaining("Sealed in the vault"),
      expect.stringContaining("Checked out to ci-3"),
      expect.stringContaining("Returned by ci-3"),
    ]);
  });
});

describe("a credential in doubt", () => {
  const DOUBTED = credentialWith({ doubt: "The provider refused it to ci-3." });
  const NEWER = credentialWith({ credential_id: "c-2", session_id: "s-2" });
  const SESSIONS = [
    sessionIn("completed", { session_id: "s-2", created_at: instant(60) }),
    sessionIn("completed", { session_id: "s-1", created_at: instant(0) }),
  ];

  it("says why it may not work, and what to do", async () => {
    open({ "GET /api/credentials": [DOUBTED] });
    expect(await screen.findByText("Renew it: you sign in once more.")).toBeVisible();
    expect(screen.getByText(/^The provider refused it to ci-3\./)).toBeVisible();
    expect(screen.getByRole("button", { name: "Renew Demo, ada" })).toHaveAttribute("data-variant", "filled");
  });

  it("has nothing but Delete once a newer sign-in of the account has replaced it", async () => {
    open({ "GET /api/credentials": [NEWER, DOUBTED], "GET /api/auth/sessions": SESSIONS });
    const note = await screen.findByText(/^Replaced by a newer sign-in/);
    const card = within(note.closest("article") ?? document.body);
    expect(card.getAllByRole("button").map((button) => button.textContent)).toEqual(["", "Delete"]);
    expect(card.queryByText(/refused/)).toBeNull();
  });

  it("keeps its warning while nobody can tell which sign-in is newer", async () => {
    const requests = open({ "GET /api/credentials": [NEWER, DOUBTED], "GET /api/auth/sessions": [] });
    await waitFor(() => {
      expect(requests).toContain("GET /api/auth/sessions");
    });
    expect(screen.getByText(/^The provider refused it to ci-3\./)).toBeVisible();
  });
});

it("warns of a login that ends soon, and renews it first", async () => {
  const soon = new Date(Date.now() + 30 * 3_600_000).toISOString();
  open({ "GET /api/credentials": [credentialWith({ usable_until: soon, expires_soon: true })] });
  const renew = await screen.findByRole("button", { name: "Renew Demo, ada" });
  expect(renew).toHaveAttribute("data-variant", "filled");
  expect(screen.getByText("Login ends soon")).toBeVisible();
});

describe("renewing a credential", () => {
  it("starts a sign-in in the way that brought it, and goes to its page", async () => {
    const next = sessionIn("started", { session_id: "s-2", flow: "device" });
    const requests = open({
      "GET /api/providers": [providerWith({ flows: ["loopback", "device"] })],
      "GET /api/auth/session/s-1": sessionIn("completed", { flow: "device" }),
      "POST /api/vm/auth": { session_id: "s-2", status: "started", session: next },
      "GET /api/auth/session/s-2": next,
      "POST /api/auth/session/s-2/heartbeat": next,
    });
    await press("Renew Demo, ada");
    await waitFor(() => {
      expect(window.location.pathname).toBe("/dashboard/remote-cli/session/s-2");
    });
    expect(requests).toContain('POST /api/vm/auth {"provider":"demo","flow":"device"}');
  });

  it("goes to the session that is under way", async () => {
    const session = sessionIn("started", { session_id: "s-9" });
    open({
      "GET /api/providers": [providerWith({ open_session_id: "s-9" })],
      "GET /api/auth/session/s-9": session,
      "POST /api/auth/session/s-9/heartbeat": session,
    });
    await press("Open session of Demo, ada");
    expect(window.location.pathname).toBe("/dashboard/remote-cli/session/s-9");
  });
});

describe("checking a credential out", () => {
  it("tells the command to run, without opening the seal", async () => {
    const requests = open({});
    await press("Check out Demo, ada");
    await userEvent.type(await screen.findByRole("textbox", { name: "Who holds it" }), "laptop");
    expect(screen.getByText("vestibule credentials checkout c-1 --holder laptop --to ~")).toBeVisible();
    expect(requests.some((request) => request.includes("/checkout"))).toBe(false);
  });

  it("puts no name into the command that a shell could take for more", async () => {
    open({});
    await press("Check out Demo, ada");
    await userEvent.type(await screen.findByRole("textbox", { name: "Who holds it" }), "a;reboot");
    expect(screen.getByText("vestibule credentials checkout c-1 --to ~")).toBeVisible();
    expect(screen.getByText(/Letters, digits/)).toBeVisible();
  });

  it("downloads the files for a named holder, and shows no secret", async () => {
    const requests = open({ "POST /api/credentials/c-1/checkout": OPENED });
    await press("Check out Demo, ada");
    await userEvent.click(await screen.findByRole("radio", { name: /download/ }));
    const confirm = screen.getByRole("button", { name: "Check out and download" });
    expect(confirm).toBeDisabled();
    await userEvent.type(screen.getByRole("textbox", { name: /Who holds it/ }), "laptop");
    await userEvent.click(confirm);
    expect(await screen.findByText(/is checked out to laptop/)).toBeVisible();
    expect(requests).toContain('POST /api/credentials/c-1/checkout {"holder":"laptop"}');
    expect(download).toHaveBeenCalledExactlyOnceWith("demo-c-1.json", OPENED);
    expect(document.body).not.toHaveTextContent("dmlzaWJseS1mYWtl");
  });

  it("says in place who was quicker, and what to do", async () => {
    let listed = KEPT;
    open({
      "GET /api/credentials": () => [listed],
      "POST /api/credentials/c-1/checkout": refusal(409, HELD_PROBLEM),
    });
    await press("Check out Demo, ada");
    await userEvent.click(await screen.findByRole("radio", { name: /download/ }));
    await userEvent.type(screen.getByRole("textbox", { name: /Who holds it/ }), "laptop");
    await press("Check out and download");
    const alert = within(await screen.findByRole("alert"));
    expect(alert.getByText(HELD_PROBLEM.cause)).toBeVisible();
    expect(alert.getByText(HELD_PROBLEM.remedy)).toBeVisible();
    expect(download).not.toHaveBeenCalled();
    listed = TAKEN;
    await press("Leave it");
    expect(await screen.findByRole("button", { name: "Return Demo, ada" })).toBeVisible();
  });
});

it("returns a credential in its holder's name, unchanged, after a question", async () => {
  const requests = open({
    "GET /api/credentials": [TAKEN],
    "POST /api/credentials/c-1/return": KEPT,
  });
  await press("Return Demo, ada");
  expect(requests.some((request) => request.includes("/return"))).toBe(false);
  await press("Return it unchanged");
  expect(await screen.findByText("Demo, ada is returned in the name of ci-3.")).toBeVisible();
  expect(requests).toContain('POST /api/credentials/c-1/return {"holder":"ci-3","files":null}');
});

it("returns a credential that the provider did not accept any more as such", async () => {
  const requests = open({
    "GET /api/credentials": [TAKEN],
    "POST /api/credentials/c-1/refuse": KEPT,
  });
  await press("Return Demo, ada");
  await userEvent.click(await screen.findByRole("radio", { name: /did not accept it any more/ }));
  await press("Return it as refused");
  expect(await screen.findByText("Demo, ada is returned in the name of ci-3, as refused.")).toBeVisible();
  expect(requests).toContain('POST /api/credentials/c-1/refuse {"holder":"ci-3"}');
});

it("exports a copy into a download after a question, and shows no secret", async () => {
  const requests = open({ "POST /api/credentials/c-1/export": OPENED });
  await press("Export Demo, ada");
  expect(requests.some((request) => request.includes("/export"))).toBe(false);
  await press("Export and download");
  expect(await screen.findByText(/A copy of Demo, ada is in your downloads/)).toBeVisible();
  expect(download).toHaveBeenCalledExactlyOnceWith("demo-c-1.json", OPENED);
  expect(document.body).not.toHaveTextContent("dmlzaWJseS1mYWtl");
});

it("deletes a credential after a question that names its holder", async () => {
  let listed = [TAKEN];
  open({
    "GET /api/credentials": () => listed,
    "DELETE /api/credentials/c-1": () => {
      listed = [];
      return { ...TAKEN, custody: "revoked", holder: null, held_since: null };
    },
  });
  await press("Delete Demo, ada");
  const dialog = within(await screen.findByRole("dialog"));
  expect(dialog.getByText(/keeps its files/)).toHaveTextContent(/^ci-3 checked it out/);
  await userEvent.click(dialog.getByRole("button", { name: "Delete it" }));
  expect(await screen.findByText("Nothing sealed yet")).toBeVisible();
  const said = screen.getByText("Demo, ada is deleted.");
  expect(said).toBeVisible();
  expect(said.closest("p")).toHaveFocus();
});

describe("the master key", () => {
  const STEP = { key_id: "0f1e2d3c4b5a6978", rewrapped: 100, remaining: 0, damaged: [], finished: true };
  const ROTATION = "POST /api/vault/rotation";
  const exchange = async (): Promise<void> => {
    await press("Exchange the master key…");
    await press("Exchange it");
  };

  it("is exchanged after a question, batch after batch", async () => {
    const steps = [
      { ...STEP, remaining: 60, finished: false },
      { ...STEP, rewrapped: 60 },
    ];
    const requests = open({ [ROTATION]: () => steps.shift() });
    await press("Exchange the master key…");
    expect(requests).not.toContain(ROTATION);
    await press("Exchange it");
    expect(await screen.findByText(/^160 credentials have the new master key/)).toHaveTextContent(
      STEP.key_id,
    );
    expect(requests.filter((request) => request === ROTATION)).toHaveLength(2);
  });

  it("tells how far its exchange is", async () => {
    const steps = [{ ...STEP, remaining: 60, finished: false }, new Promise(() => undefined)];
    open({ [ROTATION]: () => steps.shift() });
    await exchange();
    expect(await screen.findByText("100 credentials have the new master key; 60 to go.")).toBeVisible();
  });

  it("is kept, and says for which credentials, while some cannot be opened", async () => {
    open({ [ROTATION]: { ...STEP, damaged: ["c-7", "c-9"], finished: false } });
    await exchange();
    const alert = within(await screen.findByRole("alert"));
    expect(alert.getByText(/these cannot be opened: c-7, c-9\.$/)).toBeVisible();
    expect(alert.getByText(/^Restore them from a backup/)).toBeVisible();
  });

  it("says in place why it was not exchanged, what to do, and goes on when asked to", async () => {
    let answer: unknown = refusal(409, {
      code: "vault_key_not_given",
      cause: "The controller was given one key alone.",
      remedy: "Restart it with the new key before the present one.",
    });
    const requests = open({ [ROTATION]: () => answer });
    await exchange();
    const alert = within(await screen.findByRole("alert"));
    expect(alert.getByText("The controller was given one key alone.")).toBeVisible();
    expect(alert.getByText("Restart it with the new key before the present one.")).toBeVisible();
    answer = STEP;
    await press("Go on");
    expect(await screen.findByText(/^100 credentials have/)).toBeVisible();
    expect(requests.filter((request) => request === ROTATION)).toHaveLength(2);
  });

  it("is offered to nobody but the operator", async () => {
    open({ "GET /api/me": { user_id: "u-2", name: "eve", operator: false } });
    await screen.findByRole("button", { name: "Renew Demo, ada" });
    expect(screen.queryByRole("button", { name: /master key/ })).toBeNull();
  });
});
