/** What the read-out says of a connection: pure. */

import { number } from "../../i18n/formats";
import type { Traffic } from "./channel";

export interface Reading {
  roundTripMs: number | null;
  /** Received, between the last two readings. */
  bytesPerS: number;
  received: number;
  at: number;
}

export function begin(traffic: Traffic, at: number): Reading {
  return { ...traffic, bytesPerS: 0, at };
}

export function read(before: Reading, traffic: Traffic, at: number): Reading {
  const seconds = (at - before.at) / 1000;
  const bytesPerS = seconds > 0 ? (traffic.received - before.received) / seconds : before.bytesPerS;
  return { ...traffic, bytesPerS, at };
}

export function roundTripWords(ms: number | null): string {
  if (ms === null) return "– ms";
  return `${number(ms, ms < 10 ? 1 : 0)} ms`;
}

export function bytesWords(bytesPerS: number): string {
  const kilobytes = bytesPerS / 1000;
  if (kilobytes < 1000) return `${number(kilobytes, kilobytes < 10 ? 1 : 0)} kB/s`;
  return `${number(kilobytes / 1000, 1)} MB/s`;
}
