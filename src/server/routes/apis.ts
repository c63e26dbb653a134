import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Inventory } from "../../inventory/inventory.ts";
import {
  ApiDetail,
  ApiFacets,
  ApiPage,
  ApiPatch,
  ApiQuery,
  ApiRow,
  Callers,
  EndpointDetail,
  EndpointPage,
  EndpointQuery,
  EndpointSeries,
  Id,
  MergeRequest,
  Overview,
  OverviewQuery,
  ServiceMap,
  SplitRequest,
  Traffic,
  TrafficQuery,
  Triage,
} from "../contract.ts";
import { apisAsCsv } from "../csv.ts";
import { operation } from "../operation.ts";

const ApiParams = Type.Object({ api: Id });
const EndpointParams = Type.Object({ api: Id, endpoint: Id });
const DAY_MS = 86_400_000;

const tag = "inventory";

export function addApiRoutes(app: FastifyInstance, inventory: Inventory): void {
  addViews(app, inventory);
  addLists(app, inventory);
  addTriage(app, inventory);
  addEndpoints(app, inventory);
}

function addViews(app: FastifyInstance, { apis }: Inventory): void {
  operation(
    app,
    {
      method: "GET",
      path: "/overview",
      id: "getOverview",
      summary: "The whole at a glance",
      tag,
      query: OverviewQuery,
      answer: Overview,
    },
    ({ query }) => apis.overview(query.sinceMs),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/map",
      id: "getMap",
      summary: "Who calls whom",
      tag,
      answer: ServiceMap,
    },
    () => apis.map(),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/apis/:api/traffic",
      id: "getApiTraffic",
      summary: "Figures of an API over time",
      tag,
      params: ApiParams,
      query: TrafficQuery,
      answer: Traffic,
    },
    ({ params, query }) => apis.traffic(params.api, ...span(query)),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/apis/:api/callers",
      id: "listCallers",
      summary: "Who calls an API",
      tag,
      params: ApiParams,
      answer: Callers,
    },
    ({ params }) => apis.callers(params.api),
  );
}

function addLists(app: FastifyInstance, { apis }: Inventory): void {
  operation(
    app,
    {
      method: "GET",
      path: "/apis",
      id: "listApis",
      summary: "APIs, filtered and sorted",
      tag,
      query: ApiQuery,
      answer: ApiPage,
    },
    ({ query }) => apis.list(query),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/apis/facets",
      id: "listApiFacets",
      summary: "What the filters of the list can be set to",
      tag,
      query: ApiQuery,
      answer: ApiFacets,
    },
    ({ query }) => apis.facets(query),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/apis.csv",
      id: "listApisAsCsv",
      summary: "The same list for a spreadsheet",
      tag,
      query: ApiQuery,
      answer: Type.String(),
      answerType: "text/csv",
    },
    async ({ query, reply }) => {
      void reply.type("text/csv; charset=utf-8");
      void reply.header("content-disposition", 'attachment; filename="apis.csv"');
      return await apisAsCsv(apis, query);
    },
  );
  operation(
    app,
    {
      method: "GET",
      path: "/apis/:api",
      id: "getApi",
      summary: "One API",
      tag,
      params: ApiParams,
      answer: ApiDetail,
    },
    ({ params }) => apis.detail(params.api),
  );
}

function addTriage(app: FastifyInstance, { apis }: Inventory): void {
  operation(
    app,
    {
      method: "PATCH",
      path: "/apis/:api",
      id: "patchApi",
      summary: "Names, labels, confirms or ignores an API",
      tag,
      params: ApiParams,
      body: ApiPatch,
      answer: ApiDetail,
    },
    ({ params, body, who }) => apis.patch(params.api, body, who),
  );
  operation(
    app,
    {
      method: "POST",
      path: "/apis/triage",
      id: "triageApis",
      summary: "Makes the same change to many APIs",
      tag,
      body: Triage,
      answer: Type.Array(ApiRow),
    },
    ({ body, who }) => apis.triage(body.apis, body.patch, who),
  );
  operation(
    app,
    {
      method: "POST",
      path: "/apis/merge",
      id: "mergeApis",
      summary: "Makes several APIs one",
      tag,
      body: MergeRequest,
      answer: ApiDetail,
    },
    ({ body, who }) => apis.merge(body.into, body.apis, who),
  );
  operation(
    app,
    {
      method: "POST",
      path: "/apis/:api/split",
      id: "splitApi",
      summary: "Makes an API of some of its sources",
      tag,
      params: ApiParams,
      body: SplitRequest,
      answer: ApiDetail,
    },
    ({ params, body, who }) => apis.split(params.api, body.sources, who),
  );
}

function addEndpoints(app: FastifyInstance, { endpoints }: Inventory): void {
  operation(
    app,
    {
      method: "GET",
      path: "/endpoints",
      id: "listEndpoints",
      summary: "Endpoints of all APIs",
      tag,
      query: EndpointQuery,
      answer: EndpointPage,
    },
    ({ query }) => endpoints.list(query),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/apis/:api/endpoints",
      id: "listApiEndpoints",
      summary: "Endpoints of an API",
      tag,
      params: ApiParams,
      query: EndpointQuery,
      answer: EndpointPage,
    },
    ({ params, query }) => endpoints.list({ ...query, api: params.api }),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/apis/:api/endpoints/:endpoint",
      id: "getEndpoint",
      summary: "One endpoint with its operation object",
      tag,
      params: EndpointParams,
      answer: EndpointDetail,
    },
    ({ params }) => endpoints.detail(params.api, params.endpoint),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/apis/:api/endpoints/:endpoint/traffic",
      id: "getEndpointTraffic",
      summary: "Figures of an endpoint over time",
      tag,
      params: EndpointParams,
      query: TrafficQuery,
      answer: Traffic,
    },
    ({ params, query }) => endpoints.traffic(params.api, params.endpoint, ...span(query)),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/apis/:api/series",
      id: "listEndpointSeries",
      summary: "How calls, errors and latency of an API's endpoints went over time",
      tag,
      params: ApiParams,
      query: TrafficQuery,
      answer: EndpointSeries,
    },
    ({ params, query }) => endpoints.series(params.api, ...span(query)),
  );
}

/** The last day, where nothing else is asked for. */
function span({ fromMs, toMs }: { fromMs?: number; toMs?: number }): [number, number] {
  const end = toMs ?? Date.now();
  return [fromMs ?? end - DAY_MS, end];
}
