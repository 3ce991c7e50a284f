import { Button } from "@mantine/core";
import { IconExternalLink, IconWorldShare } from "@tabler/icons-react";

import type { Session } from "../../api/types";
import { CopyWide } from "../../ui/copy-button";
import { webUrl } from "../../ui/safe-url";
import { PasteBox } from "./paste-box";
import classes from "./sign-in-box.module.css";

export interface SignInActions {
  openUrl: (url: string) => void;
  opening: boolean;
  paste: (text: string) => Promise<unknown>;
}

/** All that a person needs of the sign-in itself: the code, the page's address, the box for a code. */
export function SignInBox({ session, actions }: { session: Session; actions: SignInActions }) {
  return (
    <>
      {session.user_code !== null && <UserCode code={session.user_code} />}
      {session.flow === "paste" && session.actions.includes("paste") && (
        <PasteBox tool={session.provider_title} paste={actions.paste} />
      )}
      {session.auth_url !== null && <SignInUrl session={session} url={session.auth_url} actions={actions} />}
    </>
  );
}

function UserCode({ code }: { code: string }) {
  return (
    <section className={classes.box} aria-label="Your code">
      <h3>Enter this code on the provider’s page</h3>
      <output className={classes.code}>{code}</output>
      <CopyWide value={code} what="code" />
    </section>
  );
}

interface UrlProps {
  session: Session;
  url: string;
  actions: SignInActions;
}

function SignInUrl({ session, url, actions }: UrlProps) {
  const web = webUrl(url);
  return (
    <section className={classes.box} aria-label="Sign-in page">
      <h3>Sign-in page</h3>
      {web !== null && <strong className={classes.host}>{web.host}</strong>}
      <div className={classes.url} title={url}>
        {url}
      </div>
      <div className={classes.buttons}>
        <CopyWide value={url} what="sign-in address" />
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
            Open in machine
          </Button>
        )}
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
            Open here
          </Button>
        )}
      </div>
    </section>
  );
}
