export const vault = {
  "vault.exchangeAsk": "Exchange the master key…",
  "vault.exchangeTitle": "Exchange the master key?",
  "vault.exchangeIt": "Exchange it",
  "vault.exchangeText":
    "Every credential in the vault, of every user, is put under a new master key. Sign-ins and check-outs go on meanwhile; nobody has to sign in again.",
  "vault.exchangeBreak":
    "It can be broken off, by closing this page too: both keys are kept until none needs the one before, and it goes on when you exchange again.",
  "vault.exchangeBackup":
    "A backup of the database needs the master key of its own time. Keep both together, and make another backup afterwards.",
  "vault.masterKey": "Master key",
  "vault.goOn": "Go on",
  "vault.notFinished": "The exchange did not come to its end",
  "vault.keyKept": "The key before is kept",
  "vault.soFar":
    "{count, plural, one {# credential has} other {# credentials have}} the new master key; {remaining} to go.",
  "vault.putting": "Putting credentials under a new master key…",
  "vault.exchange": "Exchange of the master key",
  "vault.done":
    "{count, plural, one {# credential has} other {# credentials have}} the new master key <code>{id}</code>. The one before is gone.",
  "vault.stillNeeded": "The master key before is still needed.",
  "vault.goOnWithIt": "Go on with it.",
  "vault.unfinished":
    "{count, plural, one {# credential has} other {# credentials have}} the new master key {id}; the one before is kept, because these cannot be opened: {damaged}.",
  "vault.unfinishedRemedy":
    "Restore them from a backup, or have their owners delete them; then go on with it.",
} as const;
