import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { makeCache } from "../app";
import { refusal, serve, type Answers } from "../testing/api";
import { instant, sessionIn } from "../testing/sessions";
import { ShareView } from "./share-view";

const LINKS = "/api/auth/session/s-1/view-links";
const GOOD = { link_id: "l-1", session_id: "s-1", created_at: instant(0), expires_at: instant(900) };
const OPEN = { ...GOOD, ended_at: null, end: null };
const OVER = { ...GOOD, link_id: "l-0", ended_at: instant(5), end: "revoked" };
const URL = "http://here.test/watch#token=visibly-fake";

async function open(answers: Answers, watchers = 0): Promise<string[]> {
  const requests = serve(answers);
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={makeCache()}>
        <ShareView session={sessionIn("ready", { watchers })} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  await userEvent.click(screen.getByRole("button", { name: "Share the view" }));
  return requests;
}

const listed = (...links: unknown[]) => ({ longest_s: 1800, links });

describe("sharing the view", () => {
  it("says plainly what a watcher sees before there is a link", async () => {
    await open({ [`GET ${LINKS}`]: listed() });
    expect(await screen.findByText(/what you type where it is not hidden/)).toBeInTheDocument();
  });

  it("offers what the settings allow, makes a link and shows it once", async () => {
    const made: unknown[] = [];
    const requests = await open({
      [`GET ${LINKS}`]: () => listed(...made),
      [`POST ${LINKS}`]: () => {
        made.push(OPEN);
        return { ...OPEN, url: URL };
      },
    });
    await userEvent.click(await screen.findByRole("radio", { name: "5 minutes" }));
    expect(screen.queryByRole("radio", { name: "60 minutes" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Make a link" }));
    expect(await screen.findByText(URL)).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Copy view link" })).toBeInTheDocument();
    expect(requests).toContain(`POST ${LINKS} {"seconds":300}`);
  });

  it("takes a link back; those that are over are not listed", async () => {
    let links = [OPEN, OVER];
    const requests = await open(
      {
        [`GET ${LINKS}`]: () => listed(...links),
        [`DELETE ${LINKS}/l-1`]: () => {
          links = [OVER];
          return { ...OPEN, end: "revoked", ended_at: instant(9) };
        },
      },
      1,
    );
    expect(await screen.findByText("1 watching now.")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: /^Take back/ }));
    await expect.poll(() => screen.queryByRole("button", { name: /^Take back/ })).toBeNull();
    expect(requests).toContain(`DELETE ${LINKS}/l-1`);
  });

  it("says why a link was not made", async () => {
    const full = {
      code: "view_links_full",
      cause: "The session has 10 view links.",
      remedy: "Take one back.",
    };
    await open({ [`GET ${LINKS}`]: listed(), [`POST ${LINKS}`]: refusal(409, full) });
    await userEvent.click(await screen.findByRole("button", { name: "Make a link" }));
    expect(await screen.findByText(full.cause)).toBeInTheDocument();
  });

  it("says that it is turned off", async () => {
    await open({ [`GET ${LINKS}`]: { longest_s: 0, links: [] } });
    expect(await screen.findByText(/turned off/)).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Make a link" })).toBeNull();
  });
});
