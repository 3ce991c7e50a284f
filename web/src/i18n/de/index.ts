import { audit } from "./audit";
import { common } from "./common";
import { connect } from "./connect";
import { credentials } from "./credentials";
import { desktop } from "./desktop";
import { goldens } from "./goldens";
import { health } from "./health";
import { machines } from "./machines";
import { palette } from "./palette";
import { problems } from "./problems";
import { session } from "./session";
import { settings } from "./settings";
import { shell } from "./shell";
import { vault } from "./vault";
import { viewing } from "./viewing";
import { watch } from "./watch";
import type { Catalogue } from "../catalogue";

/** Every text of the page in German; loaded for those alone who read it. */
export const de: Catalogue = {
  ...audit,
  ...common,
  ...connect,
  ...credentials,
  ...desktop,
  ...goldens,
  ...health,
  ...machines,
  ...palette,
  ...problems,
  ...session,
  ...settings,
  ...shell,
  ...vault,
  ...viewing,
  ...watch,
};
