import type { Translation } from "../catalogue";
import type { connect as english } from "../en/connect";

export const connect: Translation<typeof english> = {
  "connect.otherWays": "Andere Wege, sich bei {title} anzumelden",
  "connect.signingIn": "Anmeldung läuft",
  "connect.notConnected": "Nicht verbunden",
  "connect.connected": "Verbunden",
  "connect.connectedAs": "Verbunden als {account}",
  "connect.accessExpired": "Zugriff abgelaufen",
  "connect.holderMayRefresh": "Wer sie hat, kann sie auffrischen",
  "connect.machinesAreVms": "Die Maschinen hier sind virtuelle Maschinen",
  "connect.machinesAreContainers": "Die Maschinen hier sind Container",
  "connect.sharedKernel": "Ein Container teilt sich den Kernel mit dem Rechner.",
  "connect.thisHost": "Dieser Rechner",
  "connect.goldenId": "Kennung des Goldens",
  "connect.goldenMissing":
    "Das Golden, aus dem Maschinen entstehen, ist noch nicht gebaut; vorher kann keine Anmeldung beginnen.",
  "connect.fix": "ABHILFE:",
  "connect.fixFor": "Abhilfe für {name}",
  "connect.untried": "Mit dieser Version des Werkzeugs hat es noch niemand versucht.",
  "connect.connect": "Verbinden",
  "connect.unverified": "Ungeprüft",
  "connect.tools": "Werkzeuge",
  "connect.findTool": "Werkzeug suchen",
  "connect.toolCount": "{count, plural, one {# Werkzeug} other {# Werkzeuge}}",
  "connect.noTool": "Kein Werkzeug heißt so",
  "connect.foundOf": "{found} von {of} Werkzeugen",
  "connect.about":
    "Jede Anmeldung bekommt eine frische Maschine mit Desktop, Browser und Werkzeug. Dort melden Sie sich an; die Zugangsdaten werden versiegelt, die Maschine wird zerstört.",
  "connect.title": "Ein Werkzeug verbinden",
  "connect.unreadable": "Die Werkzeuge konnten nicht gelesen werden",
  "connect.emptyText":
    "Ein Werkzeug ist eine TOML-Datei im Ordner der Anbieter; der Leitfaden „Providers“ erklärt jeden Schlüssel.",
  "connect.empty": "Kein Werkzeug ist beschrieben",
  "connect.loopback": "Rückkehr von selbst",
  "connect.loopbackText":
    "Sie melden sich auf dem Desktop der Maschine an; die Seite kehrt von selbst zum Werkzeug zurück.",
  "connect.paste": "Code einfügen",
  "connect.pasteText": "Die Anmeldeseite endet mit einem Code; den fügen Sie hier ein.",
  "connect.device": "Code eingeben",
  "connect.deviceText":
    "Das Werkzeug zeigt einen Code; den geben Sie auf der Anmeldeseite ein, auf einem beliebigen Gerät.",
  "connect.connectName": "{name} verbinden",
  "connect.firstTitle": "Ihr erstes Werkzeug in drei Schritten",
  "connect.firstPick": "Werkzeug wählen",
  "connect.firstPickText": "Drücken Sie bei einem Werkzeug auf „Verbinden“. Eine frische Maschine startet.",
  "connect.firstSignIn": "Auf ihrem Desktop anmelden",
  "connect.firstSignInText":
    "Die Anmeldeseite des Anbieters ist dort schon offen. Vestibule zeichnet nichts von dem auf, was Sie tippen.",
  "connect.firstTake": "Zugangsdaten mitnehmen",
  "connect.firstTakeText":
    "Sie liegen versiegelt im Tresor, bis Sie sie dorthin holen, wo das Werkzeug läuft.",
  "connect.goldenTitle": "Noch kein Golden",
  "connect.goldenComing": "Das erste Golden wird gebaut",
  "connect.toGoldens": "Alles über Goldens",
};
