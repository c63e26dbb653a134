/** What views ask for, each as a hook. Keys are the words of the path, so that a prefix invalidates what is below it. */
import {
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import type {
  ApiDetail,
  ApiFacets,
  ApiPage,
  Callers,
  Comparison,
  EndpointDetail,
  EndpointRow,
  EndpointSeries,
  Hints,
  Me,
  Overview,
  Preferences,
  ServiceMap,
  Traffic,
  Upload,
  VersionDiff,
} from "../../../src/server/contract.ts";
import { ApiError, get, type Query, request } from "./client.ts";

/** Pages of a list that are read to have it whole: 20 of the largest pages are more than any list holds. */
const pagesMax = 20;

interface Page<T> {
  readonly items: T[];
  readonly next: string | null;
  readonly total: number | null;
}

const keyOf = (path: string, query?: Query): readonly unknown[] =>
  query === undefined ? path.split("/") : [...path.split("/"), query];

const useGet = <T>(path: string, query?: Query, isEnabled = true) =>
  useQuery({
    queryKey: keyOf(path, query),
    queryFn: ({ signal }) => get<T>(path, query, signal),
    enabled: isEnabled,
  });

/** A list read to its end: for what is shown as a whole, such as a tree. */
const useAll = <T>(
  path: string,
  query: Query = {},
  askAgainMs: (items: readonly T[]) => number | false = () => false,
) =>
  useQuery<T[]>({
    refetchInterval: ({ state }) => askAgainMs(state.data ?? []),
    queryKey: keyOf(path, query),
    queryFn: async ({ signal }) => {
      const items: T[] = [];
      let cursor: string | null = null;
      for (let pages = 0; pages < pagesMax; pages += 1) {
        const page: Page<T> = await get(path, { ...query, cursor }, signal);
        items.push(...page.items);
        cursor = page.next;
        if (cursor === null) break;
      }
      return items;
    },
  });

/** A list read page by page as the reader scrolls. */
export const usePages = <T>(path: string, query: Query) =>
  useInfiniteQuery({
    queryKey: keyOf(path, query),
    queryFn: ({ pageParam, signal }) => get<Page<T>>(path, { ...query, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: (before) => before,
  });

export const useMe = () => useGet<Me>("me");
export const useIsEditor = (): boolean => useMe().data?.role === "editor";
export const useOverview = (sinceMs: number | null) => useGet<Overview>("overview", { sinceMs });
export const useApi = (id: string) => useGet<ApiDetail>(`apis/${id}`);
export const useFacets = () => useGet<ApiFacets>("apis/facets");
export const useApisNamed = (q: string, isEnabled = true) =>
  useGet<ApiPage>("apis", { q, limit: 8, sort: "-calls" }, isEnabled);
export const useEndpointsNamed = (q: string, isEnabled: boolean) =>
  useGet<{ items: EndpointRow[] }>("endpoints", { q, limit: 8, sort: "-calls" }, isEnabled);
export const useEndpoints = (api: string) =>
  useAll<EndpointRow>(`apis/${api}/endpoints`, { limit: 5000, sort: "path" });
export const useEndpoint = (api: string, id: string) =>
  useGet<EndpointDetail>(`apis/${api}/endpoints/${id}`);
/** What was shown stays until the next minute or hour is there. */
export const useTraffic = (path: string, fromMs: number, toMs: number) =>
  useQuery({
    queryKey: keyOf(`${path}/traffic`, { fromMs, toMs }),
    queryFn: ({ signal }) => get<Traffic>(`${path}/traffic`, { fromMs, toMs }, signal),
    placeholderData: (before) => before,
  });
export const useSeries = (api: string, fromMs: number, toMs: number) =>
  useGet<EndpointSeries>(`apis/${api}/series`, { fromMs, toMs });
export const useCallers = (api: string) => useGet<Callers>(`apis/${api}/callers`);
export const useDifference = (api: string, from: number, to: number) =>
  useGet<VersionDiff>(`apis/${api}/versions/${from}/diff/${to}`);
export const useHints = (api: string) => useGet<Hints>(`apis/${api}/hints`);
export const useComparison = (api: string, isEnabled: boolean) =>
  useGet<Comparison>(`apis/${api}/comparison`, undefined, isEnabled);
export const useMap = () => useGet<ServiceMap>("map");
export const usePreferences = () => useGet<Preferences>("preferences");
/** How far a file is read is not told by events. */
export const useUploads = () =>
  useAll<Upload>("uploads", {}, (uploads) =>
    uploads.some(({ state }) => state === "running") ? progressEveryMs : false,
  );
const progressEveryMs = 1_000;
/** A list that is short by nature. */
export const useList = <T>(path: string) => useAll<T>(path);

export const useDocument = (api: string, format: "yaml" | "json", openapi: "3.0" | "3.1") =>
  useQuery({
    queryKey: ["apis", api, "document", format, openapi],
    queryFn: async ({ signal }) =>
      await (
        await request(`apis/${api}/document`, { format, openapi, evidence: false }, { signal })
      ).text(),
  });

/** A write; what it may have changed is asked for again. */
export const useWrite = <Input, Output = unknown>(
  write: (input: Input) => Promise<Output>,
  ...changed: readonly string[]
) => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: write,
    // Not awaited: what is asked for again may take away the place that tells of the success.
    onSettled: () => {
      void refresh(client, changed);
    },
  });
};

const refresh = (client: QueryClient, paths: readonly string[]): Promise<unknown> =>
  Promise.all(paths.map((path) => client.invalidateQueries({ queryKey: keyOf(path) })));

/** Asking again helps where the server was not reached or failed, not where it refused. */
export const isWorthRetrying = (failureCount: number, error: Error): boolean =>
  failureCount < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500);
