import type { Translation } from "../catalogue";
import type { settings as english } from "../en/settings";

export const settings: Translation<typeof english> = {
  "settings.fromEnvironment": "aus der Umgebung",
  "settings.fromFile": "aus der Datei",
  "settings.fromDefault": "Vorgabe",
  "settings.setNotShown": "gesetzt (nicht gezeigt)",
  "settings.notSet": "nicht gesetzt",
  "settings.insteadOf": "statt {usual}",
  "settings.nothing": "nichts",
  "settings.controller": "Controller",
  "settings.viewers": "Zuschauende und Ansichtslinks",
  "settings.room": "Platz für Maschinen",
  "settings.deadlines": "Fristen",
  "settings.environment": "Andere Variablen",
  "settings.about":
    "Wie dieser Controller damit gestartet wurde. Sie werden in der Umgebung oder der Einstellungsdatei geändert und beim nächsten Start gelesen; Geheimnisse werden nie gezeigt.",
  "settings.title": "Einstellungen",
  "settings.theList": "Die Liste der Einstellungen",
  "settings.unreadable": "Einstellungen konnten nicht gelesen werden",
  "settings.narrow": "Die Liste eingrenzen",
  "settings.find": "Einstellungen suchen",
  "settings.placeholder": "Name oder Bedeutung …",
  "settings.onlyChanged": "Nur Geändertes",
  "settings.noFile": "Es wurde keine Einstellungsdatei gelesen.",
  "settings.readFrom": "Gelesen aus <code>{file}</code>",
  "settings.restAsItComes": "Alles Übrige ist, wie es kommt.",
  "settings.noSetting": "Keine Einstellung heißt so oder spricht davon.",
};
