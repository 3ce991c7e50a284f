/** The machine's Downloads, and what is on its way into them. */

import { useCallback, useState } from "react";

import type { MachineAccess } from "../../api/machine-access";
import { asProblem } from "../../api/problem";
import type { Downloads, DownloadsFile, Problem } from "../../api/types";

export interface Upload {
  id: number;
  name: string;
  /** Which part of it has gone, 0 to 1. */
  share: number;
  state: { kind: "going"; cancel: () => void } | { kind: "done" } | { kind: "failed"; problem: Problem };
}

export interface Files {
  /** Null until it was asked for. */
  downloads: Downloads | null;
  problem: Problem | null;
  uploads: readonly Upload[];
  refresh: () => void;
  upload: (files: readonly File[]) => void;
  address: (file: DownloadsFile) => string;
  /** Takes what is over off the list. */
  tidy: () => void;
}

let uploadsBegun = 0;

export function useFiles(machine: MachineAccess): Files {
  const [downloads, setDownloads] = useState<Downloads | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const refresh = useCallback(() => {
    machine.downloads().then(
      (found) => {
        setDownloads(found);
        setProblem(null);
      },
      (error: unknown) => {
        setProblem(asProblem(error));
      },
    );
  }, [machine]);
  const change = (id: number, changes: Partial<Upload>): void => {
    setUploads((known) => known.map((one) => (one.id === id ? { ...one, ...changes } : one)));
  };
  const begin = (file: File): void => {
    const id = ++uploadsBegun;
    const cancelled = new AbortController();
    const going = {
      kind: "going",
      cancel: () => {
        cancelled.abort();
      },
    } as const;
    setUploads((known) => [...known, { id, name: file.name, share: 0, state: going }]);
    const progress = (share: number): void => {
      change(id, { share });
    };
    machine.upload(file, progress, cancelled.signal).then(
      ({ name }) => {
        change(id, { name, share: 1, state: { kind: "done" } });
        refresh();
      },
      (error: unknown) => {
        if (cancelled.signal.aborted) setUploads((known) => known.filter((one) => one.id !== id));
        else change(id, { state: { kind: "failed", problem: asProblem(error) } });
      },
    );
  };
  return {
    downloads,
    problem,
    uploads,
    refresh,
    upload: (files) => {
      files.forEach(begin);
    },
    address: machine.fileAddress,
    tidy: () => {
      setUploads((known) => known.filter(({ state }) => state.kind === "going"));
    },
  };
}
