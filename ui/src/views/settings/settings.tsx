import { useMe } from "../../api/queries.ts";
import { TabBar } from "../../parts/tabbar.tsx";
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
  const me = useMe().data;
  const [here, , Tab] = tabs.find(([name]) => name === tab) ?? tabs[0];
  return (
    <View
      title="Settings"
      lead={me === undefined ? undefined : `nta ${me.version}, you are ${me.name} (${me.role})`}
    >
      <TabBar
        label="Parts of the settings"
        here={here}
        tabs={tabs}
        hrefOf={(name) => `/settings/${name}`}
      />
      <Tab />
    </View>
  );
};
