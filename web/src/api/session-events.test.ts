import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { FakeEventSource } from "../testing/fake-event-source";
import { sessionIn } from "../testing/sessions";
import { follow } from "./event-feed";
import { sessionFeed } from "./session-events";

describe("following a session", () => {
  const onSession = vi.fn();
  const onState = vi.fn();
  let stop: () => void;

  beforeEach(() => {
    vi.useFakeTimers();
    onSession.mockClear();
    onState.mockClear();
    stop = follow(sessionFeed("s-1"), { onEvent: onSession, onState });
    FakeEventSource.latest.open();
  });

  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  it("hands on every session", () => {
    FakeEventSource.latest.send(sessionIn("ready"));
    expect(onSession).toHaveBeenCalledWith(sessionIn("ready"));
    expect(FakeEventSource.latest.url).toBe("/api/auth/session/s-1/events");
  });

  it("leaves a dropped connection to the browser, which sends Last-Event-ID", () => {
    FakeEventSource.latest.fail("dropped");
    vi.advanceTimersByTime(60_000);
    expect(FakeEventSource.all).toHaveLength(1);
    expect(onState).toHaveBeenLastCalledWith("connecting");
  });

  it("begins again when the browser has given up", () => {
    FakeEventSource.latest.fail("refused");
    expect(onState).toHaveBeenLastCalledWith("lost");
    vi.advanceTimersByTime(2_000);
    expect(FakeEventSource.all).toHaveLength(2);
  });

  it("waits longer each time it is refused, until a connection opens", () => {
    const refusedAfter = (ms: number): number => {
      FakeEventSource.latest.fail("refused");
      vi.advanceTimersByTime(ms);
      return FakeEventSource.all.length;
    };
    expect([refusedAfter(2_000), refusedAfter(2_000)]).toEqual([2, 2]);
    vi.advanceTimersByTime(2_000);
    expect(FakeEventSource.all).toHaveLength(3);
    FakeEventSource.latest.open();
    expect(refusedAfter(2_000)).toBe(4);
  });

  it("hangs up on a final state, or the browser would ask for ever", () => {
    FakeEventSource.latest.send(sessionIn("completed"));
    expect(FakeEventSource.latest.readyState).toBe(FakeEventSource.CLOSED);
  });

  it("survives data that is no session", () => {
    const complaint = vi.spyOn(console, "error").mockImplementation(vi.fn());
    FakeEventSource.latest.sendText("<html>");
    expect(complaint).toHaveBeenCalledOnce();
    expect(onSession).not.toHaveBeenCalled();
  });
});
