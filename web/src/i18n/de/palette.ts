import type { Translation } from "../catalogue";
import type { palette as english } from "../en/palette";

export const palette: Translation<typeof english> = {
  "palette.title": "Befehle",
  "palette.field": "Befehl, Werkzeug, Sitzung oder Maschine",
  "palette.placeholder": "Wohin, oder was tun?",
  "palette.nothing": "Dazu gibt es nichts.",
  "palette.button": "Befehle ({keys})",
  "palette.shortcuts": "Tastenkürzel",
  "palette.everywhere": "Überall",
  "palette.openIt": "Befehle suchen",
  "palette.thisList": "Diese Liste",
  "palette.goTo": "Gehe zu",
  "palette.releaseKeys": "Tastatur zurückholen",
  "palette.notWhileTyping":
    "Solange ein Textfeld den Fokus hat oder Tasten an die Maschine gehen, gehören alle Tasten dorthin.",
  "palette.singleKeys": "Tasten ohne Strg oder ⌘",
  "palette.singleKeysHint": "Schalten Sie sie aus, wenn Spracheingabe oder anderes sie versehentlich drückt.",
  "palette.operator": "Für den Betreiber",
  "palette.rebuild": "Das Golden neu bauen",
  "palette.looks": "Aussehen und Sprache",
  "palette.help": "Hilfe",
  "palette.notAllFound": "Nicht alles konnte durchsucht werden",
  "palette.failed": "Das ging nicht",
};
