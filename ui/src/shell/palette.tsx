/** Ctrl-K: every view, every API and endpoint by a few letters of its name. */

import { useDebouncedValue } from "@mantine/hooks";
import { createSpotlight, Spotlight } from "@mantine/spotlight";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { useApisNamed, useEndpointsNamed } from "../api/queries.ts";
import { counted } from "../parts/format.ts";
import { Icon } from "../parts/icons.tsx";
import { Method } from "../parts/tag.tsx";
import { places } from "./places.ts";

const [store, palette] = createSpotlight();

export const Palette = ({ onClose }: { onClose: () => void }) => {
  const [query, setQuery] = useState("");
  const [asked] = useDebouncedValue(query.trim(), 120);
  const [, go] = useLocation();
  const apis = useApisNamed(asked).data?.items ?? [];
  const endpoints = useEndpointsNamed(asked, asked !== "").data?.items ?? [];
  const views = places.filter(({ name }) =>
    name.toLowerCase().includes(query.trim().toLowerCase()),
  );
  useEffect(() => palette.open(), []);
  return (
    <Spotlight.Root
      store={store}
      query={query}
      onQueryChange={setQuery}
      onSpotlightClose={onClose}
      shortcut={null}
      lockScroll={false}
      scrollable
      maxHeight="min(32rem, 70vh)"
    >
      <Spotlight.Search
        placeholder="Search APIs, endpoints and views"
        aria-label="Search APIs, endpoints and views"
        leftSection={<Icon name="search" />}
      />
      <Spotlight.ActionsList>
        {views.length > 0 && (
          <Spotlight.ActionsGroup label="Views">
            {views.map(({ path, name, icon }) => (
              <Spotlight.Action
                key={path}
                label={name}
                leftSection={<Icon name={icon} />}
                onClick={() => go(path)}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {apis.length > 0 && (
          <Spotlight.ActionsGroup label="APIs">
            {apis.map((api) => (
              <Spotlight.Action
                key={api.id}
                label={api.title}
                description={counted(api.endpoints, "endpoint")}
                leftSection={<Icon name="apis" />}
                onClick={() => go(`/apis/${api.id}`)}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {endpoints.length > 0 && (
          <Spotlight.ActionsGroup label="Endpoints">
            {endpoints.map((endpoint) => (
              <Spotlight.Action
                key={endpoint.id}
                label={endpoint.path}
                description={endpoint.apiName}
                leftSection={<Method method={endpoint.method} />}
                onClick={() => go(`/apis/${endpoint.api}/endpoints/${endpoint.id}`)}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {views.length + apis.length + endpoints.length === 0 && (
          <Spotlight.Empty>Nothing has that name. Try a part of a host or a path.</Spotlight.Empty>
        )}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
};
