import type { Translation } from "../catalogue";
import type { vault as english } from "../en/vault";

export const vault: Translation<typeof english> = {
  "vault.exchangeAsk": "Hauptschlüssel wechseln …",
  "vault.exchangeTitle": "Den Hauptschlüssel wechseln?",
  "vault.exchangeIt": "Wechseln",
  "vault.exchangeText":
    "Alle Zugangsdaten im Tresor, die aller Personen, kommen unter einen neuen Hauptschlüssel. Anmelden und Ausgeben gehen derweil weiter; niemand muss sich neu anmelden.",
  "vault.exchangeBreak":
    "Man kann es abbrechen, auch indem man diese Seite schließt: Beide Schlüssel bleiben, bis keiner mehr den alten braucht, und es geht weiter, wenn Sie wieder wechseln.",
  "vault.exchangeBackup":
    "Eine Sicherung der Datenbank braucht den Hauptschlüssel ihrer Zeit. Bewahren Sie beide zusammen auf und machen Sie danach eine neue Sicherung.",
  "vault.masterKey": "Hauptschlüssel",
  "vault.goOn": "Weiter",
  "vault.notFinished": "Der Wechsel kam nicht ans Ende",
  "vault.keyKept": "Der alte Schlüssel bleibt",
  "vault.soFar":
    "{count, plural, other {# Zugangsdaten haben}} den neuen Hauptschlüssel; {remaining} stehen aus.",
  "vault.putting": "Zugangsdaten kommen unter einen neuen Hauptschlüssel …",
  "vault.exchange": "Wechsel des Hauptschlüssels",
  "vault.done":
    "{count, plural, other {# Zugangsdaten haben}} den neuen Hauptschlüssel <code>{id}</code>. Der alte ist weg.",
  "vault.stillNeeded": "Der alte Hauptschlüssel wird noch gebraucht.",
  "vault.goOnWithIt": "Machen Sie weiter.",
  "vault.unfinished":
    "{count, plural, other {# Zugangsdaten haben}} den neuen Hauptschlüssel {id}; der alte bleibt, weil sich diese nicht öffnen lassen: {damaged}.",
  "vault.unfinishedRemedy":
    "Stellen Sie sie aus einer Sicherung wieder her, oder lassen Sie ihre Besitzer sie löschen; dann machen Sie weiter.",
};
