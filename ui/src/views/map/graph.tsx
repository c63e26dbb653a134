/** The map as a drawing, by cytoscape, which is loaded only here. */

import { useMantineColorScheme } from "@mantine/core";
import { useColorScheme } from "@mantine/hooks";
import cytoscape, {
  type Core,
  type ElementDefinition,
  type Position,
  type StylesheetJson,
} from "cytoscape";
import { useEffect, useRef } from "react";
import { counted } from "../../parts/format.ts";
import styles from "./map.module.css";
import type { Colouring, MapNode, Part } from "./part.ts";
import { placingOf } from "./placing.ts";

/** What was in sight of which nodes. */
interface Seen {
  readonly ids: string;
  readonly zoom: number;
  readonly pan: Position;
}

export const Graph = ({
  part,
  colouring,
  chosen,
  onChoose,
}: {
  part: Part;
  colouring: Colouring;
  chosen: string | null;
  onChoose: (id: string | null) => void;
}) => {
  const host = useRef<HTMLDivElement>(null);
  const graph = useRef<Core>(undefined);
  const seen = useRef<Seen>(undefined);
  const choose = useRef(onChoose);
  choose.current = onChoose;
  const { colorScheme } = useMantineColorScheme();
  const system = useColorScheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read anew when the theme changes
  useEffect(() => {
    const container = host.current;
    if (container === null) return;
    const isNarrow = container.clientWidth < narrowWidth;
    const drawn = cytoscape({
      container,
      elements: elementsOf(part, colouring, isNarrow),
      style: styleOf(container),
      layout: { name: "preset", padding: isNarrow ? 24 : 48 },
      minZoom: 0.15,
      maxZoom: 3,
    });
    const ids = part.nodes.map(({ id }) => id).join("\n");
    // New figures are no reason to look elsewhere.
    if (seen.current?.ids === ids) drawn.viewport(seen.current);
    // A few nodes need not fill the whole.
    else if (drawn.zoom() > closestZoom) {
      drawn.zoom(closestZoom);
      drawn.center();
    }
    drawn.on("tap", "node[kind]", (event) => choose.current(event.target.id()));
    drawn.on("tap", (event) => {
      if (event.target === drawn) choose.current(null);
    });
    graph.current = drawn;
    return () => {
      seen.current = { ids, zoom: drawn.zoom(), pan: { ...drawn.pan() } };
      drawn.destroy();
    };
  }, [part, colouring, colorScheme, system]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was drawn anew has nothing chosen
  useEffect(() => {
    graph.current?.nodes().removeClass("chosen");
    if (chosen !== null) graph.current?.getElementById(chosen).addClass("chosen");
  }, [chosen, part, colouring, colorScheme, system]);
  return (
    <>
      {/* By this id cytoscape looks for the style tag that it would write, which the policy refuses. */}
      <span id="__________cytoscape_stylesheet" hidden />
      <div
        ref={host}
        className={styles["graph"]}
        role="img"
        aria-label={`${part.nodes.length} nodes and who of them calls whom; the list says the same in words`}
      />
    </>
  );
};

const closestZoom = 1.35;
/** Below it names stand under what they name, and nothing stands on arrows. */
const narrowWidth = 600;
/** So many arrows can be told apart, and have room for a number. */
const numbersMax = 40;

const elementsOf = (part: Part, colouring: Colouring, isNarrow: boolean): ElementDefinition[] => {
  const namespaces = new Set(part.nodes.flatMap(({ namespace }) => namespace ?? []));
  const most = Math.max(1, ...part.edges.map(({ calls }) => calls));
  const { places, hasRoom } = placingOf(part, isNarrow);
  const room = hasRoom ? 34 : 26;
  const [callers, called] = [
    new Set(part.edges.map(({ from }) => from)),
    new Set(part.edges.map(({ to }) => to)),
  ];
  /** A label stands where no arrow comes or goes. */
  const sideOf = (id: string): string =>
    !hasRoom || isNarrow || callers.has(id) === called.has(id)
      ? "below"
      : callers.has(id)
        ? "left"
        : "right";
  return [
    ...[...namespaces].map((name) => ({ data: { id: `namespace ${name}`, label: name } })),
    ...part.nodes.map((node) => ({
      data: {
        id: node.id,
        label: node.label.length > room ? `${node.label.slice(0, room - 1)}…` : node.label,
        kind: node.kind,
        side: sideOf(node.id),
        font: hasRoom || isNarrow ? 11 : 13,
        size: 22 + Math.log10(1 + node.calls) * 7,
        mood: moodOf(node, colouring),
        ...(node.namespace !== null && { parent: `namespace ${node.namespace}` }),
      },
      position: { ...places.get(node.id)! },
    })),
    ...part.edges.map(({ from, to, via, calls, errorShare }) => ({
      data: {
        id: `${from} ${to} ${via ?? ""}`,
        ...(via !== null && { via }),
        source: from,
        target: to,
        width: 1 + (Math.log1p(calls) / Math.log1p(most)) * 2.5,
        label: isNarrow || part.edges.length > numbersMax ? "" : counted(calls, "call"),
        mood: colouring === "errors" && errorShare > 0.05 ? "bad" : "plain",
      },
    })),
  ];
};

const moodOf = (node: MapNode, colouring: Colouring): string => {
  if (node.kind !== "api") return "plain";
  if (colouring === "findings") return node.findings > 0 ? "bad" : "good";
  if (node.errorShare > 0.05) return "bad";
  return node.errorShare > 0.01 ? "warn" : "good";
};

const styleOf = (container: HTMLElement): StylesheetJson => {
  const probe = document.createElement("span");
  container.append(probe);
  const color = (name: string): string => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const style = [...nodeStyle(color), ...edgeStyle(color)];
  probe.remove();
  return style;
};

type ColorOf = (name: string) => string;

const labelStyle = (color: ColorOf) =>
  ({
    "text-background-color": color("--surface"),
    "text-background-opacity": 1,
    "text-background-padding": "3px",
  }) as const;

const nodeStyle = (color: ColorOf): StylesheetJson => {
  const mood = (name: string): StylesheetJson[number] => ({
    selector: `node[mood = "${name}"]`,
    style: { "background-color": color(`--${name}-soft`), "border-color": color(`--${name}`) },
  });
  const side = (name: "left" | "right", marginX: number): StylesheetJson[number] => ({
    selector: `node[side = "${name}"]`,
    style: {
      "text-halign": name,
      "text-valign": "center",
      "text-margin-x": marginX,
      "text-margin-y": 0,
    },
  });
  return [
    {
      selector: "node",
      style: {
        ...labelStyle(color),
        label: "data(label)",
        width: "data(size)",
        height: "data(size)",
        color: color("--ink"),
        "font-size": "data(font)",
        "text-valign": "bottom",
        "text-margin-y": 5,
        "background-color": color("--raised"),
        "border-width": 2,
        "border-color": color("--line-strong"),
      },
    },
    side("left", -8),
    side("right", 8),
    { selector: 'node[kind = "workload"]', style: { shape: "round-rectangle" } },
    { selector: 'node[kind = "external"]', style: { shape: "diamond" } },
    {
      selector: ":parent",
      style: {
        "background-color": color("--raised"),
        "background-opacity": 0.5,
        "border-width": 1,
        "border-color": color("--line"),
        "text-valign": "top",
        "text-margin-y": -4,
        "font-size": 13,
        shape: "round-rectangle",
        padding: "24px",
      },
    },
    mood("good"),
    mood("warn"),
    mood("bad"),
    { selector: "node.chosen", style: { "border-width": 4, "border-color": color("--accent") } },
  ];
};

const edgeStyle = (color: ColorOf): StylesheetJson => [
  {
    selector: "edge",
    style: {
      ...labelStyle(color),
      width: "data(width)",
      "curve-style": "bezier",
      "line-color": color("--line-strong"),
      "target-arrow-color": color("--line-strong"),
      "target-arrow-shape": "triangle",
      "arrow-scale": 0.9,
      "target-distance-from-node": 4,
      "target-label": "data(label)",
      "target-text-offset": 76,
      "target-text-rotation": "autorotate",
      color: color("--ink-soft"),
      "font-size": 10,
    },
  },
  {
    selector: 'edge[mood = "bad"]',
    style: { "line-color": color("--bad"), "target-arrow-color": color("--bad") },
  },
  // What went through a proxy is drawn there already: these only say where to.
  { selector: "edge[via]", style: { "line-style": "dashed" } },
];
