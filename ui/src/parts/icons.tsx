/** Drawn on a grid of 24, in the colour of the text around them. */
const paths = {
  overview: "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
  apis: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  map: "M6 8.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM18 13a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 20.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM8.300 6.900l7.300 2.700M16 12.200l-6 4",
  changes: "M3 12a9 9 0 1 0 3-6.700M3 4v4h4M12 8v4l3 2",
  findings: "M12 3l8 3v6c0 5-3.500 8-8 9-4.500-1-8-4-8-9V6zM12 9v4M12 16h.01",
  sensors:
    "M12 13a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3zM8 15.500a5.500 5.500 0 0 1 0-8M16 7.500a5.500 5.500 0 0 1 0 8M5 18.500a10 10 0 0 1 0-14M19 4.500a10 10 0 0 1 0 14",
  import: "M12 15V4M8 8l4-4 4 4M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3",
  settings:
    "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM9 19.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M4.900 4.900l1.400 1.400M17.700 17.700l1.400 1.400M2 12h2M20 12h2M4.900 19.100l1.400-1.400M17.700 6.300l1.400-1.400",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z",
  menu: "M4 6h16M4 12h16M4 18h16",
  check: "M5 12.500l4.500 4.500L19 7.500",
  close: "M6 6l12 12M18 6L6 18",
  right: "M9 5l7 7-7 7",
  down: "M5 9l7 7 7-7",
  up: "M5 15l7-7 7 7",
  download: "M12 4v11M8 11l4 4 4-4M4 19h16",
  copy: "M9 9h10v11H9zM5 15V4h10",
  undo: "M9 14L4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  edit: "M4 20h4L19 9l-4-4L4 16z",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  exit: "M10 4H5v16h5M15 8l4 4-4 4M19 12H9",
  plus: "M12 5v14M5 12h14",
  pin: "M9 4h6l-1 6 3 3H7l3-3zM12 13v7",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  alert: "M12 4l9 16H3zM12 10v4M12 17h.01",
} as const;

export type IconName = keyof typeof paths;

export const Icon = ({ name, size = 18 }: { name: IconName; size?: number }) => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    strokeWidth={name === "more" || name === "apis" ? 2.2 : 1.8}
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
  >
    <path d={paths[name]} />
  </svg>
);
