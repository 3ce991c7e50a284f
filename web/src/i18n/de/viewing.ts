import type { Translation } from "../catalogue";
import type { viewing as english } from "../en/viewing";

export const viewing: Translation<typeof english> = {
  "viewing.copiedThere": "In der Maschine kopiert",
  "viewing.copyTooLong":
    "Der Text ist länger als 1 MiB; mehr kann nicht weitergegeben werden. Kopieren Sie weniger auf einmal.",
  "viewing.onClipboard": "In Ihrer Zwischenablage",
  "viewing.copy": "Kopieren",
  "viewing.paste": "Einfügen",
  "viewing.pasteHint":
    "In die Maschine einfügen: jede Länge bis 1 MiB, jede Schrift. Auf dem Desktop geht es auch mit Strg+V oder ⌘V.",
  "viewing.pasteHere": "Hier einfügen",
  "viewing.pasteHereHint":
    "Dieser Browser behält seine Zwischenablage für sich, bis Sie einfügen. Der Text wird nirgends aufgehoben.",
  "viewing.pasteIn": "In die Maschine einfügen",
  "viewing.drop": "Loslassen, um sie in die Downloads der Maschine zu legen",
  "viewing.files": "Dateien",
  "viewing.downloads": "Downloads in der Maschine",
  "viewing.onTheirWay": "Auf dem Weg in die Maschine",
  "viewing.noDownload": "Dateien kommen hier nicht aus Maschinen heraus: so hat es der Betrieb entschieden.",
  "viewing.toUpload": "Dateien zum Hochladen",
  "viewing.upload": "Dateien hochladen",
  "viewing.orDrop": "oder auf den Desktop ziehen; jede höchstens {size}",
  "viewing.notUploaded": "Nicht hochgeladen",
  "viewing.uploaded": "Hochgeladen",
  "viewing.cancelUpload": "Das Hochladen von {name} abbrechen",
  "viewing.uploadOf": "Hochladen von {name}",
  "viewing.nothingThere": "Noch ist nichts da.",
  "viewing.save": "{name} sichern",
  "viewing.desktop": "Desktop",
  "viewing.terminal": "Terminal",
  "viewing.both": "Beide",
  "viewing.whatIsShown": "Was von der Maschine gezeigt wird",
  "viewing.theTerminal": "Das Terminal des Werkzeugs",
  "viewing.opening": "Das Terminal wird geöffnet …",
  "viewing.terminalLost": "Das Terminal ist nicht verbunden",
};
