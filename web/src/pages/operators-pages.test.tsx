import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { App, makeCache } from "../app";
import type { Setting } from "../api/types";
import { refusal, serve, type Answers } from "../testing/api";
import { PROBLEM } from "../testing/goldens";
import { auditEvent, credentialListed, pageWith } from "../testing/tables";

const ADA = { user_id: "u-1", name: "ada", operator: true };
const BOB = { user_id: "u-2", name: "bob", operator: false };

function open(path: string, answers: Answers): string[] {
  const requests = serve({ "GET /api/me": ADA, ...answers });
  window.history.replaceState(null, "", path);
  render(<App cache={makeCache()} token={null} />);
  return requests;
}

const row = async (number: number) => within(await screen.findByRole("table")).getAllByRole("row")[number];

describe("the audit", () => {
  const AUDIT = "/dashboard/audit";
  const of = (...events: Parameters<typeof auditEvent>[0][]): Answers => ({
    "GET /api/tables/audit": pageWith(events.map((event, number) => auditEvent({ number, ...event }))),
  });

  it("tells who did what, on what, from where, and what came of it", async () => {
    open(AUDIT, of({}));
    expect(await row(1)).toHaveTextContent("adaExported a credentialc-1 demoDone192.0.2.17");
  });

  it("tells of a refusal by its code", async () => {
    open(AUDIT, of({ outcome: "refused", code: "absent", action: "credential_checked_out" }));
    expect(await row(1)).toHaveTextContent("Checked a credential outc-1 demoRefusedabsent");
  });

  it("tells what the controller did by itself, and leads to what it was done to", async () => {
    const nobody = { actor: null, actor_id: null, address: null, detail: "" };
    open(
      AUDIT,
      of(
        { ...nobody, action: "machine_destroyed", subject: "vm-1" },
        { ...nobody, action: "golden_promoted", subject: "g-1" },
        { ...nobody, action: "key_rotated", subject: "" },
      ),
    );
    expect(await row(1)).toHaveTextContent("the controllerDestroyed a machinevm-1Done–");
    expect(screen.getByRole("link", { name: "vm-1" })).toHaveAttribute("href", "/dashboard/machines/vm-1");
    expect(screen.getByRole("link", { name: "g-1" })).toHaveAttribute("href", "/dashboard/goldens/g-1");
    expect(await row(3)).toHaveTextContent("Rotated the master key–");
  });

  it("narrows by deeds in words", async () => {
    const facets = { action: [{ value: "user_added", count: 2 }] };
    open(AUDIT, { "GET /api/tables/audit": pageWith([auditEvent()], { facets }) });
    await screen.findByRole("table");
    await userEvent.click(screen.getByRole("button", { name: "Narrow by Deed" }));
    expect(await screen.findByRole("checkbox", { name: "Added a user 2" })).not.toBeChecked();
  });

  it("survives an address that names what there is not", async () => {
    open(`${AUDIT}?action=no_such`, of({}));
    expect(await screen.findByRole("button", { name: "Narrow by Deed: no_such" })).toBeVisible();
  });

  it("is empty at first", async () => {
    open(AUDIT, of());
    expect(await screen.findByText("Nothing has been done yet")).toBeVisible();
  });

  it("is shown to nobody else, and asked for by nobody else", async () => {
    const requests = open(AUDIT, { "GET /api/me": BOB });
    expect(await screen.findByText("The audit is the operator’s")).toBeVisible();
    expect(requests).toEqual(["GET /api/me"]);
    expect(screen.queryByRole("link", { name: "Audit" })).toBeNull();
    expect(screen.getByRole("link", { name: "Sessions" })).toBeVisible();
  });
});

describe("the settings", () => {
  const SETTINGS = "/dashboard/settings";
  const settingWith = (special: Partial<Setting> = {}): Setting => ({
    name: "port",
    variable: "VESTIBULE_PORT",
    group: "controller",
    value: "4711",
    default: "4000",
    source: "environment",
    secret: false,
    is_set: true,
    text: "Port that the controller listens on; see `host`.",
    ...special,
  });
  const ROOM = settingWith({
    name: "max_machines",
    variable: "VESTIBULE_MAX_MACHINES",
    group: "room",
    value: "16",
    default: "16",
    source: "default",
    text: "Live machines at a time.",
  });
  const of = (...settings: Setting[]): Answers => ({
    "GET /api/settings": { file: "/etc/vestibule.toml", settings },
  });
  const items = (name: string) => within(screen.getByRole("region", { name })).getAllByRole("listitem");

  it("tells value, default, source and meaning, group by group", async () => {
    open(SETTINGS, of(settingWith(), ROOM));
    await screen.findByRole("region", { name: "Controller" });
    expect(items("Controller")[0]).toHaveTextContent(
      "portfrom the environment4711 instead of 4000Port that the controller listens on; see host.VESTIBULE_PORT",
    );
    expect(items("Room for machines")[0]).toHaveTextContent(/^max_machines16Live machines/);
    expect(screen.getByText("/etc/vestibule.toml")).toBeVisible();
    expect(screen.queryByRole("textbox")).toBeNull();
  });

  it("tells of a secret only whether it is set", async () => {
    const secret = { secret: true, value: null, default: null };
    open(
      SETTINGS,
      of(
        settingWith({ ...secret, name: "webhook_url" }),
        settingWith({ ...secret, name: "other", is_set: false, source: "default" }),
      ),
    );
    await screen.findByRole("region", { name: "Controller" });
    expect(items("Controller")[0]).toHaveTextContent("set (not shown)");
    expect(items("Controller")[1]).toHaveTextContent("not set");
  });

  it("finds by name and meaning, shows only what was changed, and keeps that in the address", async () => {
    open(SETTINGS, of(settingWith(), ROOM));
    await screen.findByRole("region", { name: "Room for machines" });
    await userEvent.click(screen.getByRole("switch", { name: "Only what was changed" }));
    expect(screen.queryByRole("region", { name: "Room for machines" })).toBeNull();
    expect(window.location.search).toBe("?changed=yes");
    await userEvent.type(screen.getByRole("searchbox", { name: "Find settings" }), "live");
    expect(await screen.findByText("Nothing fits")).toBeVisible();
    await userEvent.click(screen.getByRole("switch", { name: "Only what was changed" }));
    await waitFor(() => {
      expect(items("Room for machines")).toHaveLength(1);
    });
    expect(window.location.search).toBe("?q=live");
  });

  it("says why they cannot be read", async () => {
    open(SETTINGS, { "GET /api/settings": refusal(503, PROBLEM) });
    expect(await screen.findByText("Settings could not be read")).toBeVisible();
  });

  it("is shown to nobody else", async () => {
    open(SETTINGS, { "GET /api/me": BOB });
    expect(await screen.findByText("The list of settings is the operator’s")).toBeVisible();
  });
});

describe("everybody's credentials", () => {
  const ALL = "/dashboard/credentials/all";

  it("tells whose they are, and who holds them", async () => {
    const held = credentialListed({ owner: "bob", custody: "checked_out", holder: "ci-3" });
    open(ALL, { "GET /api/tables/credentials": pageWith([held]) });
    expect(await row(1)).toHaveTextContent("c-1demobobChecked outci-3s-1");
    expect(screen.getByRole("link", { name: "Only yours" })).toHaveAttribute(
      "href",
      "/dashboard/credentials",
    );
  });

  it("tells of doubt, and of an end that nobody knows", async () => {
    const doubted = credentialListed({ doubt: "It ran out." });
    open(ALL, { "GET /api/tables/credentials": pageWith([doubted]) });
    expect(await row(1)).toHaveTextContent("In the vaultin doubt");
    expect(await row(1)).toHaveTextContent("nobody says");
  });
});
