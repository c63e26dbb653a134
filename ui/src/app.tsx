import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { ApiError } from "./api/client.ts";
import { isWorthRetrying, useMe } from "./api/queries.ts";
import { Boundary } from "./parts/boundary.tsx";
import { Empty, Failure, Loading } from "./parts/states.tsx";
import { Shell } from "./shell/shell.tsx";
import { theme } from "./theme.ts";
import { Overview } from "./views/overview/overview.tsx";

const SignIn = lazy(async () => ({ default: (await import("./views/signin/signin.tsx")).SignIn }));
const Apis = lazy(async () => ({ default: (await import("./views/apis/apis.tsx")).Apis }));
const Api = lazy(async () => ({ default: (await import("./views/api/api.tsx")).Api }));
const Endpoint = lazy(async () => ({
  default: (await import("./views/endpoint/endpoint.tsx")).Endpoint,
}));
const ServiceMap = lazy(async () => ({
  default: (await import("./views/map/map.tsx")).ServiceMap,
}));
const Changes = lazy(async () => ({
  default: (await import("./views/changes/changes.tsx")).Changes,
}));
const Findings = lazy(async () => ({
  default: (await import("./views/findings/findings.tsx")).Findings,
}));
const Sensors = lazy(async () => ({
  default: (await import("./views/sensors/sensors.tsx")).Sensors,
}));
const Import = lazy(async () => ({ default: (await import("./views/import/import.tsx")).Import }));
const Settings = lazy(async () => ({
  default: (await import("./views/settings/settings.tsx")).Settings,
}));

const client = new QueryClient({
  defaultOptions: { queries: { retry: isWorthRetrying, staleTime: 5_000 } },
});

export const App = () => (
  <MantineProvider
    theme={theme}
    defaultColorScheme="auto"
    withCssVariables={false}
    withGlobalClasses={false}
  >
    <QueryClientProvider client={client}>
      <Notifications position="bottom-right" limit={4} />
      <Gate>
        <Views />
      </Gate>
    </QueryClientProvider>
  </MantineProvider>
);

/** Lets in who may; asks for a token otherwise. */
const Gate = ({ children }: { children: ReactNode }) => {
  const me = useMe();
  if (me.error instanceof ApiError && me.error.status === 401)
    return (
      <Suspense>
        <SignIn signInPath={me.error.problem?.signInPath ?? null} />
      </Suspense>
    );
  if (me.data === undefined && me.error !== null)
    return <Failure error={me.error} onRetry={() => void me.refetch()} />;
  return <Shell>{children}</Shell>;
};

const Views = () => (
  <Boundary place={useLocation()[0]}>
    <Suspense fallback={<Loading />}>
      <Switch>
        <Route path="/" component={Overview} />
        <Route path="/apis" component={Apis} />
        <Route path="/apis/:api/endpoints/:endpoint">
          {({ api, endpoint }) => <Endpoint key={endpoint} api={api} id={endpoint} />}
        </Route>
        <Route path="/apis/:api/:tab?">
          {({ api, tab }) => <Api key={api} id={api} tab={tab ?? "endpoints"} />}
        </Route>
        <Route path="/map" component={ServiceMap} />
        <Route path="/changes" component={Changes} />
        <Route path="/findings" component={Findings} />
        <Route path="/sensors" component={Sensors} />
        <Route path="/import" component={Import} />
        <Route path="/settings/:tab?">{({ tab }) => <Settings tab={tab ?? "tokens"} />}</Route>
        <Route path="/index.html">
          <Redirect to="/" />
        </Route>
        <Route>
          <Empty title="There is nothing at this address">
            <p>The navigation leads to every view; Ctrl K finds APIs and endpoints by name.</p>
          </Empty>
        </Route>
      </Switch>
    </Suspense>
  </Boundary>
);
