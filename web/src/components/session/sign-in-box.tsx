import { Button } from "@mantine/core";
import { IconExternalLink, IconWorldShare } from "@tabler/icons-react";

import type { Session } from "../../api/types";
import { rich, t } from "../../i18n";
import { CopyWide } from "../../ui/copy-button";
import { webUrl } from "../../ui/safe-url";
import { refusalOf, takesCode } from "./notice-kinds";
import { PasteBox } from "./paste-box";
import classes from "./sign-in-box.module.css";

export interface SignInActions {
  openUrl: (url: string) => void;
  opening: boolean;
  paste: (text: string) => Promise<unknown>;
}

interface Props {
  session: Session;
  actions: SignInActions;
}

/** All that a person needs of the sign-in itself: the code, the page's address, the box for a code. */
export function SignInBox({ session, actions }: Props) {
  return (
    <>
      {session.user_code !== null && (
        <UserCode session={session} code={session.user_code} actions={actions} />
      )}
      {takesCode(session) && (
        <PasteBox
          tool={session.provider_title}
          asked={session.code_asked}
          ready={session.actions.includes("paste")}
          refusal={refusalOf(session)}
          paste={actions.paste}
        />
      )}
      {session.auth_url !== null && <SignInUrl session={session} url={session.auth_url} actions={actions} />}
    </>
  );
}

function UserCode({ session, code, actions }: Props & { code: string }) {
  const host = webUrl(session.auth_url)?.host ?? null;
  return (
    <section className={classes.box} aria-label={t("session.yourCode")}>
      <h3>
        {rich("session.enterCodeOn", { page: host === null ? t("session.providersPage") : <b>{host}</b> })}
      </h3>
      <output className={classes.code}>{code}</output>
      <div className={classes.buttons}>
        <CopyWide value={code} what={t("session.codeWord")} />
        {session.auth_url !== null && <Open session={session} url={session.auth_url} actions={actions} />}
      </div>
      <p className={classes.note}>{t("session.codeNote")}</p>
    </section>
  );
}

type UrlProps = Props & { url: string };

function SignInUrl({ session, url, actions }: UrlProps) {
  const web = webUrl(url);
  return (
    <section className={classes.box} aria-label={t("session.signInPage")}>
      <h3>{t("session.signInPage")}</h3>
      {web !== null && <strong className={classes.host}>{web.host}</strong>}
      <div className={classes.url} title={url}>
        {url}
      </div>
      <div className={classes.buttons}>
        <CopyWide value={url} what={t("session.signInAddress")} />
        {session.user_code === null && <Open session={session} url={url} actions={actions} />}
      </div>
    </section>
  );
}

/** The sign-in page in the machine's browser and, where its answer finds back from there, in the person's own. */
function Open({ session, url, actions }: UrlProps) {
  const web = webUrl(url);
  return (
    <>
      {/* A loopback answer reaches the tool only inside of its machine; the other flows work anywhere. */}
      {web !== null && session.flow !== "loopback" && (
        <Button
          variant="default"
          size="xs"
          component="a"
          href={web.href}
          target="_blank"
          rel="noopener noreferrer"
          leftSection={<IconExternalLink size={14} />}
        >
          {t("session.openHere")}
        </Button>
      )}
      {session.actions.includes("open_url") && (
        <Button
          variant="default"
          size="xs"
          loading={actions.opening}
          leftSection={<IconWorldShare size={14} />}
          onClick={() => {
            actions.openUrl(url);
          }}
        >
          {t("session.openInMachine")}
        </Button>
      )}
    </>
  );
}
