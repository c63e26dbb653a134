import type { IconName } from "../parts/icons.tsx";

/** The views that the navigation leads to. */
export const places: readonly { path: string; name: string; icon: IconName }[] = [
  { path: "/", name: "Overview", icon: "overview" },
  { path: "/apis", name: "APIs", icon: "apis" },
  { path: "/map", name: "Map", icon: "map" },
  { path: "/changes", name: "Changes", icon: "changes" },
  { path: "/findings", name: "Findings", icon: "findings" },
  { path: "/sensors", name: "Sensors", icon: "sensors" },
  { path: "/import", name: "Import", icon: "import" },
  { path: "/settings", name: "Settings", icon: "settings" },
];
