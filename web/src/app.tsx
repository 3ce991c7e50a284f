import { MantineProvider } from "@mantine/core";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { Redirect, Route, Switch } from "wouter";

import { ApiError, isNotSignedIn } from "./api/problem";
import { meQuery } from "./api/queries";
import { language, subscribe } from "./i18n/language";
import { ConnectPage } from "./pages/connect-page";
import { CrashGate } from "./pages/crash-gate";
import {
  AllCredentialsPage,
  AuditPage,
  CredentialsPage,
  GoldensPage,
  HealthPage,
  Late,
  MachinesPage,
  SessionPage,
  SessionsPage,
  SettingsPage,
  WatchPage,
} from "./pages/late-pages";
import { NotFoundPage } from "./pages/not-found-page";
import { PATHS } from "./pages/paths";
import { Shell } from "./pages/shell";
import { SignInPage } from "./pages/sign-in-page";
import { styleNonce } from "./style-nonce";
import { theme } from "./theme";

/** The cache of what was read.  A lost cookie, wherever it is noticed, brings the sign-in notice at once. */
export function makeCache(): QueryClient {
  const notice = (error: Error): void => {
    if (isNotSignedIn(error)) void cache.invalidateQueries(meQuery);
  };
  const cache: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        if (query.queryKey[0] !== meQuery.queryKey[0]) notice(error);
      },
    }),
    mutationCache: new MutationCache({ onError: notice }),
    defaultOptions: { queries: { retry: worthRetrying, staleTime: 2_000 } },
  });
  return cache;
}

/** An answer, even an unwelcome one, will not change; silence may. */
function worthRetrying(failures: number, error: Error): boolean {
  return failures < 2 && error instanceof ApiError && error.status === null;
}

/** Another language draws every page anew: words are made in many places, and kept in none. */
export function App({ cache, token }: { cache: QueryClient; token: string | null }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={styleNonce}>
      <QueryClientProvider client={cache}>
        <CrashGate key={useSyncExternalStore(subscribe, language)}>
          <Routes token={token} />
        </CrashGate>
      </QueryClientProvider>
    </MantineProvider>
  );
}

function Routes({ token }: { token: string | null }) {
  return (
    <Switch>
      <Route path={PATHS.signIn}>
        <SignInPage token={token} />
      </Route>
      <Route path={PATHS.watch}>
        <Late>
          <WatchPage token={token} />
        </Late>
      </Route>
      <Route path={PATHS.session}>
        {({ id }) => (
          <Shell wide>
            <Late>
              <SessionPage key={id} id={decodeURIComponent(id)} />
            </Late>
          </Shell>
        )}
      </Route>
      <Route path="/dashboard">
        <Redirect to={PATHS.connect} replace />
      </Route>
      <Route>
        <Shell wide={false}>
          <Late>
            <Pages />
          </Late>
        </Shell>
      </Route>
    </Switch>
  );
}

const decoded = (id: string | undefined): string | null => (id === undefined ? null : decodeURIComponent(id));

function Pages() {
  return (
    <Switch>
      <Route path={PATHS.connect} component={ConnectPage} />
      {/* One route for a list and what is open of it, or opening that would build the page anew. */}
      <Route path={`${PATHS.listedSession}?`}>{({ id }) => <SessionsPage id={decoded(id)} />}</Route>
      <Route path={`${PATHS.machine}?`}>{({ id }) => <MachinesPage id={decoded(id)} />}</Route>
      <Route path={`${PATHS.golden}?`}>{({ id }) => <GoldensPage id={decoded(id)} />}</Route>
      <Route path={PATHS.allCredentials} component={AllCredentialsPage} />
      <Route path={PATHS.credentials} component={CredentialsPage} />
      <Route path={PATHS.health} component={HealthPage} />
      <Route path={PATHS.audit} component={AuditPage} />
      <Route path={PATHS.settings} component={SettingsPage} />
      <Route component={NotFoundPage} />
    </Switch>
  );
}
