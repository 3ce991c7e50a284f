import { useDebouncedValue } from "@mantine/hooks";
import { skipToken, useQuery } from "@tanstack/react-query";
import { IconBox, IconLogin2 } from "@tabler/icons-react";
import { useLocation } from "wouter";

import * as client from "../api/client";
import { t } from "../i18n";
import type { Command } from "../ui/palette";
import { listedSessionPath, machinePath } from "./paths";

/** So long a person pauses before what they typed is searched for. */
const PAUSE_MS = 200;
const SHORTEST = 2;
const MOST = 4;

interface Found {
  commands: Command[];
  /** Whether they are all that there are of the text: false while it is searched for, and when that failed. */
  whole: boolean;
  /** Why the search came to nothing. */
  error: unknown;
}

/** Sessions and machines in which the text occurs, the newest first, each opened by its command. */
export function useFoundRows(text: string, leave: () => void): Found {
  const [, navigate] = useLocation();
  const [sought] = useDebouncedValue(text.trim(), PAUSE_MS);
  const { data: found, error } = useQuery({
    queryKey: ["palette", sought],
    queryFn: sought.length < SHORTEST ? skipToken : () => find(sought),
  });
  if (text.trim().length < SHORTEST) return { commands: [], whole: true, error: null };
  // What was found for an older text is not what Enter is pressed for.
  if (found === undefined || sought !== text.trim()) return { commands: [], whole: false, error };
  const go = (path: string) => () => {
    leave();
    navigate(path);
  };
  const commands = [
    ...found.sessions.map(({ session_id: id, provider }) => ({
      id,
      group: t("shell.sessions"),
      name: id,
      aside: provider,
      Icon: IconLogin2,
      run: go(listedSessionPath(id)),
    })),
    ...found.machines.map(({ vm_id: id, driver }) => ({
      id,
      group: t("shell.machines"),
      name: id,
      aside: driver,
      Icon: IconBox,
      run: go(machinePath(id)),
    })),
  ];
  return { commands, whole: true, error };
}

async function find(sought: string) {
  const asked = { q: sought, sort: "created_at", order: "desc", offset: "0", limit: String(MOST) };
  const search = new URLSearchParams(asked).toString();
  const [sessions, machines] = await Promise.all([
    client.table("sessions", search),
    client.table("machines", search),
  ]);
  return { sessions: sessions.rows, machines: machines.rows };
}
