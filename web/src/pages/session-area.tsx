import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";

import { screenshotPath } from "../api/client";
import { sessionQuery } from "../api/queries";
import type { Failure, Session } from "../api/types";
import { areaOf } from "../components/session/area";
import { ConnectedPanel } from "../components/session/connected-panel";
import { FailurePanel } from "../components/session/failure-panel";
import { Preparing } from "../components/session/preparing";
import { lastGoodStep, STEP_WORDS } from "../components/session/rail";
import { t } from "../i18n";
import { clock } from "../ui/time";
import { MachineViews } from "./machine-views";
import { PATHS } from "./paths";
import { ShareView } from "./share-view";
import { useConnect } from "./use-connect";

interface Props {
  session: Session;
  onFirstFrame: () => void;
}

/** What fills the page: waiting, the desktop, or how it ended. */
export function SessionArea({ session, onFirstFrame }: Props) {
  const cache = useQueryClient();
  const area = areaOf(session);
  switch (area.kind) {
    case "preparing":
      return <Preparing session={session} />;
    case "desktop":
      return (
        <MachineViews
          key={area.vmId}
          vmId={area.vmId}
          needsDesktop={session.flow === "loopback"}
          preparing={session.status === "vm_created" ? <Preparing session={session} /> : null}
          pageTitle={session.page_title}
          lastGoodStep={goodStepText(session)}
          onFirstFrame={onFirstFrame}
          tools={session.actions.includes("share") && <ShareView session={session} />}
          askSession={() => void cache.refetchQueries(sessionQuery(session.session_id))}
        />
      );
    case "connected":
      return (
        <ConnectedPanel session={session} credentialId={area.credentialId}>
          <Onward />
        </ConnectedPanel>
      );
    case "ended":
      return <Ended session={session} title={area.title} tone={area.tone} failure={area.failure} />;
  }
}

function Onward() {
  const [, navigate] = useLocation();
  return (
    <>
      <Button
        onClick={() => {
          navigate(PATHS.connect);
        }}
      >
        {t("session.connectAnother")}
      </Button>
      <Button
        variant="default"
        onClick={() => {
          navigate(PATHS.credentials);
        }}
      >
        {t("session.seeCredentials")}
      </Button>
    </>
  );
}

function ToTools() {
  const [, navigate] = useLocation();
  return (
    <Button
      variant="default"
      onClick={() => {
        navigate(PATHS.connect);
      }}
    >
      {t("session.backToTools")}
    </Button>
  );
}

type EndedProps = { session: Session } & Omit<Extract<ReturnType<typeof areaOf>, { kind: "ended" }>, "kind">;

function Ended({ session, title, tone, failure }: EndedProps) {
  const again = useConnect(session.provider);
  const retry = session.actions.includes("retry")
    ? {
        busy: again.busy,
        start: () => {
          again.connect(session.flow);
        },
      }
    : null;
  return (
    <FailurePanel
      title={title}
      tone={tone}
      failure={failure}
      picture={pictureOf(session, failure)}
      retry={retry}
      elsewhere={<ToTools />}
      error={again.error}
    />
  );
}

function pictureOf({ vm_id }: Session, failure: Failure): string | null {
  return vm_id !== null && "screenshot" in (failure.evidence ?? {}) ? screenshotPath(vm_id) : null;
}

function goodStepText(session: Session): string {
  const good = lastGoodStep(session);
  return good === null ? t("session.noneYet") : `${t(STEP_WORDS[good.step].reached)}, ${clock(good.at)}`;
}
