import type { Translation } from "../catalogue";
import type { desktop as english } from "../en/desktop";

export const desktop: Translation<typeof english> = {
  "desktop.byItself":
    "Nichts zu tun: Die Seite verbindet sich von selbst wieder. Die Anmeldung geht in der Maschine weiter.",
  "desktop.soon": "Gleich sagt diese Seite, was aus der Anmeldung geworden ist.",
  "desktop.ended": "Die Maschine ist beendet.",
  "desktop.usedTicket":
    "Der Controller kannte die Erlaubnis zum Ansehen des Desktops nicht mehr; sie gilt einmal und 30 s lang.",
  "desktop.usedTicketRemedy": "Nichts zu tun: Die Seite fragt nach einer neuen.",
  "desktop.noTicket":
    "Die Verbindung kam ohne die Erlaubnis, diesen Desktop anzusehen: etwas dazwischen hat sie entfernt.",
  "desktop.noTicketRemedy":
    "Wenn es so bleibt: ein Proxy muss den Header Sec-WebSocket-Protocol durchlassen.",
  "desktop.tooMany": "So viele Seiten, wie zugleich dürfen, zeigen diesen Desktop schon.",
  "desktop.tooManyRemedy":
    "Schließen Sie eine der anderen: diese Seite verbindet sich von selbst, sobald Platz ist.",
  "desktop.stops": "Der Controller wird angehalten oder ersetzt.",
  "desktop.stopsRemedy":
    "Nichts zu tun, wenn er wiederkommt: Anmeldungen gehen weiter, und die Seite verbindet sich von selbst wieder.",
  "desktop.otherOrigin":
    "Diese Seite kam von einer anderen Adresse als der, unter der der Controller erreichbar ist.",
  "desktop.otherOriginRemedy":
    "Öffnen Sie die Oberfläche unter der eigenen Adresse des Controllers; hinter einem Proxy muss public_url sie nennen.",
  "desktop.unconfirmed": "Die Maschine hat noch nicht bestätigt, dass sie die verlangte ist.",
  "desktop.unconfirmedRemedy": "Nichts zu tun: Ihr Desktop öffnet sich, sobald sie es hat.",
  "desktop.paused":
    "Die Maschine stand still, weil niemand zusah, und ließ sich nicht wieder in Gang setzen.",
  "desktop.pausedRemedy":
    "Bleibt es so, brechen Sie die Anmeldung ab und versuchen Sie es erneut: Eine neue bekommt eine frische Maschine.",
  "desktop.agentSilent":
    "Die Maschine antwortet dem Controller nicht: Ihr fehlt vielleicht Rechenzeit oder Speicher, oder sie hängt.",
  "desktop.agentSilentRemedy":
    "Bleibt es so, brechen Sie die Anmeldung ab und versuchen Sie es erneut; „Zustand“ sagt, wie es dem Rechner geht.",
  "desktop.vncAbsent": "Die Maschine läuft, aber ihr Desktop antwortet nicht.",
  "desktop.vncAbsentRemedy":
    "Die Maschine startet ihn von selbst neu; bleibt es so, brechen Sie die Anmeldung ab und versuchen Sie es erneut.",
  "desktop.withReason": "{what} Der Grund des Controllers: {reason}.",
  "desktop.withReasonRemedy":
    "Die Seite versucht es von selbst wieder; das Protokoll des Controllers sagt mehr.",
  "desktop.frozen": "Die Verbindung steht, aber es kommt nichts mehr durch: nicht einmal eine Antwort.",
  "desktop.neverShown": "Der Desktop der Maschine hat {seconds} Sekunden lang nichts gezeigt.",
  "desktop.broke": "Die Verbindung zum Desktop der Maschine ist abgerissen.",
  "desktop.notMade": "Die Verbindung zum Desktop der Maschine kam nicht zustande.",
  "desktop.notConnected": "Der Desktop ist nicht verbunden",
  "desktop.tryNow": "Jetzt versuchen",
  "desktop.lastGood": "Letzter guter Schritt: {step} · {next}",
  "desktop.tryingNow": "Versuch läuft …",
  "desktop.nextTry": "nächster Versuch in {seconds} s",
  "desktop.theDesktop": "Der Desktop der Maschine",
  "desktop.opening": "Der Desktop wird geöffnet …",
  "desktop.keysGo": "Tasten gehen an die Maschine{all, select, yes {, und zwar alle} other {}}",
  "desktop.keysStay": "Tasten bleiben auf dieser Seite",
  "desktop.keysGoHint": "{where}. Umschalt+Esc holt die Tastatur zurück.",
  "desktop.altTabHint": "Im Vollbild geben manche Browser auch Alt+Tab und dergleichen weiter.",
  "desktop.keysStayHint": "{where}. Klicken Sie auf den Desktop oder hier, um in die Maschine zu tippen.",
  "desktop.typeInto": "In die Maschine tippen",
  "desktop.ctrl": "Strg",
  "desktop.alt": "Alt",
  "desktop.shift": "Umschalt",
  "desktop.super": "Super",
  "desktop.heldOnce": "für eine Taste gehalten",
  "desktop.heldLocked": "gehalten bis zum nächsten Druck",
  "desktop.onScreenKeys": "Bildschirmtasten",
  "desktop.esc": "Esc",
  "desktop.tab": "Tab",
  "desktop.enter": "Eingabe",
  "desktop.left": "Links",
  "desktop.up": "Hoch",
  "desktop.down": "Runter",
  "desktop.right": "Rechts",
  "desktop.ctrlAltDel": "Strg+Alt+Entf",
  "desktop.keyIs": "{words} ist {hold}",
  "desktop.readoutHint":
    "Umlauf: von diesem Browser zum Desktop der Maschine und zurück, alle 2 s gemessen mit einer „Fence“ des Fernsteuerungsprotokolls. Rate: was der Desktop in der letzten Sekunde gesendet hat.",
  "desktop.connection": "Verbindung",
  "desktop.deviceKeyboard": "Mit der Tastatur dieses Geräts tippen",
  "desktop.deviceKeyboardHint": "Mit der Tastatur dieses Geräts oder einer Eingabemethode tippen",
  "desktop.controls": "Bedienung des Desktops",
  "desktop.desktop": "Desktop",
  "desktop.leaveFullScreen": "Vollbild verlassen",
  "desktop.fullScreen": "Vollbild",
  "desktop.typeText": "Einen Text tippen",
  "desktop.textToType": "Zu tippender Text",
  "desktop.typeTextHint": "Getippt an der Einfügemarke der Maschine; nirgends aufbewahrt.",
  "desktop.typeIt": "Tippen",
  "desktop.sizeAndQuality": "Größe und Güte",
  "desktop.size": "Größe",
  "desktop.quality": "Güte",
  "desktop.sharp": "Scharf",
  "desktop.balanced": "Ausgewogen",
  "desktop.light": "Leicht, für langsame Netze",
  "desktop.fit": "Bild einpassen",
  "desktop.resize": "Desktop der Maschine anpassen",
  "desktop.native": "An die Pixel dieses Bildschirms anpassen",
  "desktop.actual": "Wahre Größe, zum Verschieben ziehen",
  "desktop.gone1006": "Das Netz, ein Proxy oder der Controller war ohne ein Wort weg.",
  "desktop.gone1009": "Eine Nachricht war größer, als etwas dazwischen durchlässt.",
  "desktop.gone1012": "Ein Proxy dazwischen startet neu oder ist überlastet.",
  "desktop.goneOther": "Der Controller oder die Maschine hat sie beendet, ohne einen Grund zu nennen.",
};
