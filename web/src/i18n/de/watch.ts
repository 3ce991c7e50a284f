import type { Translation } from "../catalogue";
import type { watch as english } from "../en/watch";

export const watch: Translation<typeof english> = {
  "watch.off": "Auf diesem Controller sind Ansichtslinks abgeschaltet.",
  "watch.share": "Ansicht teilen",
  "watch.shows":
    "Wer den Link hat, sieht diesen Desktop wie Sie: <b>Codes, Adressen und Kontonamen darauf, und was Sie tippen, wo es nicht durch Punkte verdeckt ist.</b> Ein Konto ist nicht nötig; tippen oder klicken geht nicht.",
  "watch.notDone": "Das ging nicht",
  "watch.goodFor": "Gültig für",
  "watch.make": "Link erstellen",
  "watch.minutes": "{count, plural, one {# Minute} other {# Minuten}}",
  "watch.link": "Ansichtslink",
  "watch.onlyNow": "Er wird nur jetzt gezeigt; geben Sie ihn denen, denen Sie diesen Desktop anvertrauen.",
  "watch.good": "Gültige Links",
  "watch.now":
    "{count, plural, =0 {Gerade sieht niemand zu.} one {Gerade sieht eine Person zu.} other {Gerade sehen # zu.}}",
  "watch.until": "Bis {time}",
  "watch.madeAt": "(erstellt {time})",
  "watch.takeBackOf": "Den Link von {time} zurücknehmen",
  "watch.takeBack": "Zurücknehmen",
  "watch.desktop": "Der Desktop der Maschine, zum Ansehen",
  "watch.isOver": "Die Ansicht ist zu Ende",
  "watch.opening": "Der Desktop wird geöffnet …",
  "watch.noToken": "Diese Adresse enthält keinen Ansichtslink; der Teil nach # fehlt.",
  "watch.noTokenRemedy":
    "Öffnen Sie den ganzen Link, wie Sie ihn bekommen haben, oder bitten Sie um einen anderen.",
  "watch.title": "Ansichtslink",
  "watch.titleOf": "{tool} ansehen",
  "watch.shared": "Ein geteilter Desktop",
  "watch.viewOnly": "Nur ansehen",
  "watch.nothing": "Nichts zu sehen",
  "watch.foot":
    "Sie sehen eine Anmeldung, die jemand mit Ihnen teilt. Was Sie tippen oder klicken, kommt dort nicht an.",
  "watch.time": "Die Zeit des Links",
  "watch.left": "noch {time}",
  "watch.noStep": "noch keiner",
  "watch.tellOwner":
    "Die Seite versucht es von selbst wieder; bleibt es so, sagen Sie es der Person, die sich anmeldet.",
  "watch.another": "Bitten Sie um einen anderen Link.",
  "watch.expired": "Die Zeit dieses Links ist um.",
  "watch.revoked": "Wem die Anmeldung gehört, hat diesen Link zurückgenommen.",
  "watch.unknown": "Der Controller kennt diesen Link nicht: vielleicht wurde er nicht ganz kopiert.",
  "watch.unknownRemedy":
    "Öffnen Sie den ganzen Link mit dem, was nach # steht, oder bitten Sie um einen anderen.",
  "watch.over": "Die Anmeldung ist zu Ende, und mit ihr die Maschine: es gibt nichts mehr zu sehen.",
  "watch.overRemedy": "Wem sie gehört, weiß, wie sie ausging.",
  "watch.refused":
    "Der Controller hat die Ansicht beendet: es wurde etwas gesendet, was ein Ansichtslink nicht erlaubt.",
  "watch.refusedRemedy":
    "Laden Sie die Seite neu; Browser-Erweiterungen, die Seiten ändern, können der Grund sein.",
};
