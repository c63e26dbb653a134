/** The map as a drawing, by cytoscape, which is loaded only here. */

import { useMantineColorScheme } from "@mantine/core";
import { useColorScheme } from "@mantine/hooks";
import cytoscape, {
  type Core,
  type ElementDefinition,
  type LayoutOptions,
  type NodeSingular,
  type StylesheetJson,
} from "cytoscape";
import { useEffect, useRef } from "react";
import styles from "./map.module.css";
import type { Colouring, MapNode, Part } from "./part.ts";
import { placesOf } from "./placing.ts";

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
  const choose = useRef(onChoose);
  choose.current = onChoose;
  const { colorScheme } = useMantineColorScheme();
  const system = useColorScheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read anew when the theme changes
  useEffect(() => {
    const container = host.current;
    if (container === null) return;
    const drawn = cytoscape({
      container,
      elements: elementsOf(part, colouring),
      style: styleOf(container),
      layout: layoutOf(part),
      minZoom: 0.15,
      maxZoom: 3,
    });
    drawn.on("tap", "node[kind]", (event) => choose.current(event.target.id()));
    drawn.on("tap", (event) => {
      if (event.target === drawn) choose.current(null);
    });
    graph.current = drawn;
    return () => drawn.destroy();
  }, [part, colouring, colorScheme, system]);
  useEffect(() => {
    graph.current?.nodes().removeClass("chosen");
    if (chosen !== null) graph.current?.getElementById(chosen).addClass("chosen");
  }, [chosen]);
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

/** By forces where nothing is grouped; forces tear groups apart, so those have places. */
const layoutOf = (part: Part): LayoutOptions => {
  if (part.nodes.some(({ namespace }) => namespace !== null)) {
    const places = placesOf(part.nodes);
    return {
      name: "preset",
      positions: (node: string | NodeSingular) =>
        places.get(typeof node === "string" ? node : node.id()) ?? { x: 0, y: 0 },
      padding: 40,
    };
  }
  return {
    name: "cose",
    animate: false,
    padding: 40,
    nodeRepulsion: () => 60_000,
    idealEdgeLength: () => 90,
    nodeOverlap: 24,
    componentSpacing: 80,
    randomize: false,
  };
};

const elementsOf = (part: Part, colouring: Colouring): ElementDefinition[] => {
  const namespaces = new Set(part.nodes.flatMap(({ namespace }) => namespace ?? []));
  const most = Math.max(1, ...part.edges.map(({ calls }) => calls));
  return [
    ...[...namespaces].map((name) => ({ data: { id: `namespace ${name}`, label: name } })),
    ...part.nodes.map((node) => ({
      data: {
        id: node.id,
        label: node.label.length > 26 ? `${node.label.slice(0, 25)}…` : node.label,
        kind: node.kind,
        size: 22 + Math.log10(1 + node.calls) * 7,
        mood: moodOf(node, colouring),
        ...(node.namespace !== null && { parent: `namespace ${node.namespace}` }),
      },
    })),
    ...part.edges.map(({ from, to, via, calls, errorShare }) => ({
      data: {
        id: `${from} ${to} ${via ?? ""}`,
        ...(via !== null && { via }),
        source: from,
        target: to,
        width: 1 + (Math.log1p(calls) / Math.log1p(most)) * 4,
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
  const ink = color("--ink");
  const surface = color("--surface");
  const mood = (name: string): StylesheetJson[number] => ({
    selector: `node[mood = "${name}"]`,
    style: { "background-color": color(`--${name}-soft`), "border-color": color(`--${name}`) },
  });
  const style: StylesheetJson = [
    {
      selector: "node",
      style: {
        label: "data(label)",
        width: "data(size)",
        height: "data(size)",
        color: ink,
        "font-size": 11,
        "text-valign": "bottom",
        "text-margin-y": 5,
        "text-background-color": surface,
        "text-background-opacity": 0.8,
        "text-background-padding": "2px",
        "background-color": color("--raised"),
        "border-width": 2,
        "border-color": color("--line-strong"),
      },
    },
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
    {
      selector: "edge",
      style: {
        width: "data(width)",
        "curve-style": "bezier",
        "line-color": color("--line-strong"),
        "target-arrow-color": color("--line-strong"),
        "target-arrow-shape": "triangle",
      },
    },
    {
      selector: 'edge[mood = "bad"]',
      style: { "line-color": color("--bad"), "target-arrow-color": color("--bad") },
    },
    // What went through a proxy is drawn there already: these only say where to.
    { selector: "edge[via]", style: { "line-style": "dashed" } },
    { selector: "node.chosen", style: { "border-width": 4, "border-color": color("--accent") } },
  ];
  probe.remove();
  return style;
};
