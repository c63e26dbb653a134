import { Tabs } from "@mantine/core";
import { useLocation } from "wouter";
import { useMe } from "../../api/queries.ts";
import { View } from "../../parts/view.tsx";
import { Audit } from "./audit.tsx";
import { Forwarders } from "./forwarders.tsx";
import { Preferences } from "./preferences.tsx";
import { Tokens } from "./tokens.tsx";

const tabs = [
  ["tokens", "Tokens", Tokens],
  ["forwarders", "Forwarders", Forwarders],
  ["preferences", "Preferences", Preferences],
  ["audit", "Audit", Audit],
] as const;

export const Settings = ({ tab }: { tab: string }) => {
  const [, go] = useLocation();
  const me = useMe().data;
  const [here, , Tab] = tabs.find(([name]) => name === tab) ?? tabs[0];
  return (
    <View
      title="Settings"
      lead={me === undefined ? undefined : `nta ${me.version}, you are ${me.name} (${me.role})`}
    >
      <Tabs
        value={here}
        onChange={(value) => value !== null && go(`/settings/${value}`)}
        keepMounted={false}
      >
        <Tabs.List aria-label="Parts of the settings">
          {tabs.map(([name, title]) => (
            <Tabs.Tab key={name} value={name} aria-controls={undefined}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      <Tab />
    </View>
  );
};
