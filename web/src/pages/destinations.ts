/** The pages that a person can go to, in the order of use, with the letter after `g` that leads there. */

import {
  IconAdjustments,
  IconBox,
  IconHeartbeat,
  IconKey,
  IconLogin2,
  IconPlugConnected,
  IconShieldCheck,
  IconStack2,
  type Icon,
} from "@tabler/icons-react";

import type { PlainKey } from "../i18n";
import { PATHS } from "./paths";

export interface Destination {
  path: string;
  name: PlainKey;
  letter: string;
  Icon: Icon;
}

const EVERYBODYS: readonly Destination[] = [
  { path: PATHS.connect, name: "shell.connect", letter: "c", Icon: IconPlugConnected },
  { path: PATHS.sessions, name: "shell.sessions", letter: "s", Icon: IconLogin2 },
  { path: PATHS.machines, name: "shell.machines", letter: "m", Icon: IconBox },
  { path: PATHS.credentials, name: "shell.credentials", letter: "k", Icon: IconKey },
  { path: PATHS.goldens, name: "shell.goldens", letter: "g", Icon: IconStack2 },
  { path: PATHS.health, name: "shell.health", letter: "h", Icon: IconHeartbeat },
];
const OPERATORS: readonly Destination[] = [
  { path: PATHS.audit, name: "shell.audit", letter: "a", Icon: IconShieldCheck },
  { path: PATHS.settings, name: "shell.settings", letter: "e", Icon: IconAdjustments },
];

export const destinationsOf = ({ operator }: { operator: boolean }): readonly Destination[] =>
  operator ? [...EVERYBODYS, ...OPERATORS] : EVERYBODYS;
