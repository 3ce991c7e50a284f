import { Button, Loader, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useLocation } from "wouter";

import { signIn } from "../api/client";
import { asProblem, own } from "../api/problem";
import { meQuery } from "../api/queries";
import type { Problem } from "../api/types";
import { t } from "../i18n";
import { Logo } from "../ui/logo";
import { useDocumentTitle } from "../ui/page-head";
import { ProblemPanel } from "../ui/problem-panel";
import { PATHS } from "./paths";
import classes from "./sign-in-page.module.css";

const noToken = (): Problem => own("no_token", t("shell.noToken"), t("shell.noTokenRemedy"));

/** Exchanges a one-time link's token for the cookie, without a button, and goes to the tools. */
export function SignInPage({ token }: { token: string | null }) {
  useDocumentTitle(t("shell.signIn"));
  const cache = useQueryClient();
  const [, navigate] = useLocation();
  const exchange = useMutation({
    mutationFn: signIn,
    onSuccess: (user) => {
      cache.setQueryData(meQuery.queryKey, user);
      navigate(PATHS.connect, { replace: true });
    },
  });
  useOnce(() => {
    if (token !== null) exchange.mutate(token);
  });
  const problem = token === null ? noToken() : exchange.error === null ? null : asProblem(exchange.error);
  return (
    <div className={classes.page}>
      <Logo size={72} />
      {problem === null ? <SigningIn /> : <Refused problem={problem} />}
    </div>
  );
}

function SigningIn() {
  return (
    <>
      <Title order={1} fz={28}>
        {t("shell.signingYouIn")}
      </Title>
      <Loader type="dots" />
    </>
  );
}

function Refused({ problem }: { problem: Problem }) {
  const [, navigate] = useLocation();
  return (
    <>
      <Title order={1} fz={28}>
        {t("shell.linkRefused")}
      </Title>
      <ProblemPanel title={t("shell.notSignedIn")} problem={problem} />
      <Button
        variant="default"
        onClick={() => {
          navigate(PATHS.connect, { replace: true });
        }}
      >
        {t("shell.goToDashboard")}
      </Button>
    </>
  );
}

/** Runs once however often React mounts: the token is good for one exchange. */
function useOnce(act: () => void): void {
  const done = useRef(false);
  useEffect(() => {
    if (done.current) return;
    done.current = true;
    act();
  });
}
