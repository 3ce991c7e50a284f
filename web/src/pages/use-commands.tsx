import { useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import {
  IconArrowRight,
  IconDeviceDesktop,
  IconHammer,
  IconKeyboard,
  IconLanguage,
  IconMoon,
  IconPlugConnected,
  IconSun,
  type Icon,
} from "@tabler/icons-react";
import { useState } from "react";
import { useLocation } from "wouter";

import * as client from "../api/client";
import { useGoldensAction } from "../api/golden-queries";
import { providersQuery } from "../api/queries";
import type { Me, Provider } from "../api/types";
import { inOrder } from "../components/connect/tools";
import { t, type PlainKey } from "../i18n";
import { choose, language, LANGUAGES, type Language } from "../i18n/language";
import { Keys } from "../ui/keys";
import type { Command } from "../ui/palette";
import { destinationsOf } from "./destinations";
import { PATHS } from "./paths";
import { useSingleKeys } from "./single-keys";
import { useStart } from "./use-connect";

interface Parts {
  me: Me;
  /** Puts the palette away. */
  leave: () => void;
  showShortcuts: () => void;
}

interface Commands {
  commands: Command[];
  /** Why the last one came to nothing. */
  error: unknown;
}

interface AllCommands extends Commands {
  /** Why some could not be read. */
  unread: unknown;
}

export function useCommands({ me, leave, showShortcuts }: Parts): AllCommands {
  const tools = useToolCommands(leave);
  const operators = useOperatorsCommands(leave);
  const looks = useLooks(leave);
  const single = useSingleKeys();
  const [, navigate] = useLocation();
  const goTo = destinationsOf(me).map(({ path, name, letter, Icon }) => ({
    id: path,
    group: t("palette.goTo"),
    name: t(name),
    aside: single && <Keys keys={`g ${letter}`} />,
    Icon,
    run: () => {
      leave();
      navigate(path);
    },
  }));
  const own = me.operator ? operators.commands : [];
  return {
    commands: [...goTo, ...tools.commands, ...own, ...looks.commands, help(leave, showShortcuts)],
    error: tools.error ?? operators.error ?? looks.error,
    unread: tools.unread,
  };
}

/** A tool that is being signed in to is gone on with; any other is connected at once. */
function useToolCommands(leave: () => void): AllCommands {
  const { data: providers = [], error: unread } = useQuery(providersQuery);
  const { start, openSession, busy, error } = useStart(leave);
  const commandOf = ({ name, title, vendor, open_session_id: open }: Provider): Command => ({
    id: `tool ${name}`,
    group: t("connect.tools"),
    name:
      open === null ? t("connect.connectName", { name: title }) : t("common.openSessionOf", { name: title }),
    words: `${name} ${vendor}`,
    Icon: open === null ? IconPlugConnected : IconArrowRight,
    run: () => {
      if (open !== null) openSession(open);
      else if (!busy) start({ provider: name, flow: null, clickedAt: performance.now() });
    },
  });
  return { commands: inOrder(providers).map(commandOf), error, unread };
}

function useOperatorsCommands(leave: () => void): Commands {
  const [, navigate] = useLocation();
  const renew = useGoldensAction(client.renewGolden);
  const go = (path: string): void => {
    leave();
    navigate(path);
  };
  const rebuild = (): void => {
    if (renew.isPending) return;
    renew.mutate(undefined, {
      onSuccess: () => {
        go(PATHS.goldens);
      },
    });
  };
  const group = t("palette.operator");
  return {
    commands: [
      { id: "rebuild", group, name: t("palette.rebuild"), Icon: IconHammer, run: rebuild },
      {
        id: "all-credentials",
        group,
        name: t("credentials.allTitle"),
        Icon: IconArrowRight,
        run: () => {
          go(PATHS.allCredentials);
        },
      },
    ],
    error: renew.error,
  };
}

const SCHEMES: Record<MantineColorScheme, { words: PlainKey; Icon: Icon }> = {
  light: { words: "shell.light", Icon: IconSun },
  dark: { words: "shell.dark", Icon: IconMoon },
  auto: { words: "shell.asSystem", Icon: IconDeviceDesktop },
};

/** Other colours and other languages than those of now. */
function useLooks(leave: () => void): Commands {
  const [error, setError] = useState<unknown>(null);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const group = t("palette.looks");
  const schemes = (Object.keys(SCHEMES) as MantineColorScheme[]).filter((name) => name !== colorScheme);
  const languages = (Object.keys(LANGUAGES) as Language[]).filter((name) => name !== language());
  const commands = [
    ...schemes.map((name) => ({
      id: `scheme ${name}`,
      group,
      name: t("shell.colours", { scheme: t(SCHEMES[name].words) }),
      words: `theme ${name}`,
      Icon: SCHEMES[name].Icon,
      run: () => {
        leave();
        setColorScheme(name);
      },
    })),
    ...languages.map((name) => ({
      id: `language ${name}`,
      group,
      name: t("shell.language", { name: LANGUAGES[name] }),
      words: "language sprache",
      Icon: IconLanguage,
      run: () => {
        choose(name).then(leave, setError);
      },
    })),
  ];
  return { commands, error };
}

const help = (leave: () => void, showShortcuts: () => void): Command => ({
  id: "shortcuts",
  group: t("palette.help"),
  name: t("palette.shortcuts"),
  aside: <Keys keys="?" />,
  Icon: IconKeyboard,
  run: () => {
    leave();
    showShortcuts();
  },
});
