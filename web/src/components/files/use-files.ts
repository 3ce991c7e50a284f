/**
 * The machine's Downloads, and what is on its way into them.
 *
 *     waiting ──its turn──▶ going ──▶ done
 *        └── refused ─────────┴─────▶ failed        what is cancelled leaves the list
 */

import { useCallback, useRef, useState } from "react";

import type { MachineAccess } from "../../api/machine-access";
import { ApiError, asProblem } from "../../api/problem";
import type { Downloads, DownloadsFile, Problem } from "../../api/types";
import { Lanes } from "./lanes";
import { refusalOf, type Given } from "./upload-checks";

export interface Upload {
  id: number;
  name: string;
  /** Which part of it has gone, 0 to 1. */
  share: number;
  state:
    | { kind: "waiting" | "going"; cancel: () => void }
    | { kind: "done" }
    | { kind: "failed"; problem: Problem };
}

export interface Files {
  /** Null until it was asked for. */
  downloads: Downloads | null;
  problem: Problem | null;
  uploads: readonly Upload[];
  refresh: () => void;
  upload: (given: readonly Given[]) => void;
  address: (file: DownloadsFile) => string;
  /** Takes what is over off the list. */
  tidy: () => void;
}

export const isUnderWay = ({ state }: Upload): boolean => state.kind === "waiting" || state.kind === "going";

/** More at a time would be no faster, and slow the desktop. */
const AT_A_TIME = 2;

let uploadsBegun = 0;

export function useFiles(machine: MachineAccess): Files {
  const { downloads, problem, list, known } = useDownloads(machine);
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const [lanes] = useState(() => new Lanes(AT_A_TIME));
  const change = (id: number, changes: Partial<Upload>): void => {
    setUploads((all) => all.map((one) => (one.id === id ? { ...one, ...changes } : one)));
  };
  const send = async (id: number, given: Given, state: { cancel: () => void }, signal: AbortSignal) => {
    const refusal = refusalOf(given, await known());
    if (refusal !== null) throw new ApiError(null, refusal);
    return lanes.run(() => {
      signal.throwIfAborted();
      change(id, { state: { ...state, kind: "going" } });
      const progress = (share: number): void => {
        change(id, { share });
      };
      return machine.upload(given.file, progress, signal);
    });
  };
  const begin = (given: Given): void => {
    const id = ++uploadsBegun;
    const cancelled = new AbortController();
    const cancel = (): void => {
      cancelled.abort();
      setUploads((all) => all.filter((one) => one.id !== id));
    };
    const waiting = { id, name: given.file.name, share: 0, state: { kind: "waiting", cancel } } as const;
    setUploads((all) => [...all, waiting]);
    send(id, given, { cancel }, cancelled.signal).then(
      ({ name }) => {
        change(id, { name, share: 1, state: { kind: "done" } });
        void list().catch(() => undefined); // told as `problem`
      },
      (error: unknown) => {
        change(id, { state: { kind: "failed", problem: asProblem(error) } });
      },
    );
  };
  return {
    downloads,
    problem,
    uploads,
    refresh: () => void list().catch(() => undefined), // told as `problem`
    upload: (given) => {
      given.forEach(begin);
    },
    address: machine.fileAddress,
    tidy: () => {
      setUploads((all) => all.filter(isUnderWay));
    },
  };
}

interface Listing extends Pick<Files, "downloads" | "problem"> {
  /** Asks for them anew. */
  list: () => Promise<Downloads>;
  /** As they were listed last; asks when they were not. */
  known: () => Promise<Downloads>;
}

function useDownloads(machine: MachineAccess): Listing {
  const [downloads, setDownloads] = useState<Downloads | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const asked = useRef<Promise<Downloads> | null>(null);
  const list = useCallback(async (): Promise<Downloads> => {
    asked.current = machine.downloads();
    try {
      const found = await asked.current;
      setDownloads(found);
      setProblem(null);
      return found;
    } catch (error) {
      asked.current = null;
      setProblem(asProblem(error));
      throw error;
    }
  }, [machine]);
  const known = useCallback(() => asked.current ?? list(), [list]);
  return { downloads, problem, list, known };
}
