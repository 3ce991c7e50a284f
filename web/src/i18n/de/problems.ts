import type { Translation } from "../catalogue";
import type { problems as english } from "../en/problems";

export const problems: Translation<typeof english> = {
  "problems.offline": "Dieses Gerät hat kein Netz.",
  "problems.offlineRemedy": "Nichts zu tun: Die Seite macht von selbst weiter, sobald es eines hat.",
  "problems.unreachable": "Der Controller hat nicht geantwortet.",
  "problems.unreachableRemedy":
    "Prüfen Sie, ob er läuft (vestibule up); die Seite versucht es von selbst wieder.",
  "problems.unexplained": "Der Controller antwortete mit Status {status} und ohne Erklärung.",
  "problems.unexplainedRemedy":
    "Sehen Sie ins Protokoll des Controllers; womöglich hat stattdessen ein Proxy dazwischen geantwortet.",
  "problems.internalRemedy":
    "Laden Sie die Seite neu; geschieht es wieder, melden Sie es mit der Konsole des Browsers.",
};
