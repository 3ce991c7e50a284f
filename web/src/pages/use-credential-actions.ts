import * as client from "../api/client";
import { useCredentialAction, useCredentialsRefresh } from "../api/credential-queries";
import type { Credential, ExportedCredential } from "../api/types";
import type { CredentialActions } from "../components/credentials/credential-card";
import { nameOf } from "../components/credentials/credential-words";
import type { HandedBack } from "../components/credentials/return-button";
import { t } from "../i18n";
import type { ConfirmedAction } from "../ui/confirmed-action";
import { download } from "../ui/download";
import { actionOf } from "./action-of";

/** What can be done with one credential.  A secret goes from the answer into a file, and nowhere else. */
export function useCredentialActions(
  credential: Credential,
  title: string,
  say: (text: string) => void,
): CredentialActions {
  const id = credential.credential_id;
  const name = nameOf(title, credential);
  const checkOut = useCredentialAction(async (holder: string) => {
    const file = keep(await client.checkOut(id, holder));
    say(t("credentials.saidCheckedOut", { name, holder, file }));
  });
  const takeBack = useCredentialAction(async (back: HandedBack) => {
    await (back.refused ? client.takeBackRefused : client.takeBack)(id, back.holder);
    say(t("credentials.saidReturned", { name, holder: back.holder, refused: back.refused ? "yes" : "no" }));
  });
  const takeCopy = useCredentialAction<undefined>(async () => {
    const file = keep(await client.exportCredential(id));
    say(t("credentials.saidExported", { name, file }));
  });
  const remove = useCredentialAction<undefined>(async () => {
    await client.deleteCredential(id);
    say(t("credentials.saidDeleted", { name }));
  });
  const refresh = useCredentialsRefresh();
  return {
    checkOut: refreshing(actionOf(checkOut), refresh),
    takeBack: refreshing(actionOf(takeBack), refresh),
    takeCopy: refreshing(actionOf(takeCopy), refresh),
    remove: refreshing(actionOf(remove), refresh),
  };
}

/** A refusal tells of a change; that is read once the refusal is, or it might take the question away. */
function refreshing<Input>(action: ConfirmedAction<Input>, refresh: () => void): ConfirmedAction<Input> {
  const reset = (): void => {
    if (action.error !== null) refresh();
    action.reset();
  };
  return { ...action, reset };
}

function keep(opened: ExportedCredential): string {
  const file = `${opened.provider}-${opened.credential_id}.json`;
  download(file, opened);
  return file;
}
