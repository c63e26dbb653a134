/** What stays while views change: navigation, search, theme, the connection's state. */
import { ActionIcon, Kbd, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { useColorScheme, useDisclosure, useHotkeys } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { send } from "../api/client.ts";
import { type LiveState, listen } from "../api/live.ts";
import { useMe } from "../api/queries.ts";
import { Icon } from "../parts/icons.tsx";
import { tellFailure } from "../parts/notify.ts";
import { places } from "./places.ts";
import styles from "./shell.module.css";

const loadPalette = () => import("./palette.tsx");
const Palette = lazy(async () => ({ default: (await loadPalette()).Palette }));
/** Fetched once the first view stands, so that no key typed right after Ctrl K is lost. */
const paletteAfterMs = 2_000;

export const Shell = ({ children }: { children: ReactNode }) => {
  const [isMenuOpen, menu] = useDisclosure();
  const [isPaletteOpen, palette] = useDisclosure();
  const [location] = useLocation();
  const main = useRef<HTMLElement>(null);
  useHotkeys([["mod+K", palette.toggle]], []);
  useEffect(() => {
    const timer = setTimeout(() => void loadPalette(), paletteAfterMs);
    return () => clearTimeout(timer);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new place begins at its top, with the menu closed
  useEffect(() => {
    menu.close();
    main.current?.scrollTo(0, 0);
  }, [location]);
  return (
    <div className={styles["shell"]}>
      <a className={styles["skip"]} href="#main">
        Skip to content
      </a>
      <header className={styles["top"]}>
        <span className={styles["burger"]}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label="Navigation"
            aria-expanded={isMenuOpen}
            onClick={menu.toggle}
          >
            <Icon name={isMenuOpen ? "close" : "menu"} />
          </ActionIcon>
        </span>
        <Link href="/" className={styles["brand"]}>
          <img src="/icon.svg" alt="" width={26} height={26} />
          <span>nta</span>
        </Link>
        <UnstyledButton className={styles["search"]} onClick={palette.open}>
          <Icon name="search" size={16} />
          <span>Search APIs and endpoints</span>
          <Kbd size="xs">Ctrl K</Kbd>
        </UnstyledButton>
        <span className={styles["push"]} />
        <Live />
        <SchemeSwitch />
        <Person />
      </header>
      <Navigation isOpen={isMenuOpen} location={location} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <main id="main" ref={main} className={styles["main"]} tabIndex={0}>
        {children}
      </main>
      {isPaletteOpen && (
        <Suspense>
          <Palette onClose={palette.close} />
        </Suspense>
      )}
    </div>
  );
};

const Navigation = ({ isOpen, location }: { isOpen: boolean; location: string }) => (
  <nav className={styles["navigation"]} data-open={isOpen || undefined} aria-label="Views">
    {places.map(({ path, name, icon }) => {
      const isHere = path === "/" ? location === "/" : location.startsWith(path);
      return (
        <Link
          key={path}
          href={path}
          className={styles["place"]}
          data-here={isHere || undefined}
          aria-current={isHere ? "page" : undefined}
        >
          <Icon name={icon} />
          {name}
        </Link>
      );
    })}
  </nav>
);

const liveWords: Record<LiveState, string> = {
  connecting: "Connecting",
  live: "Live",
  waiting: "Offline",
};

const Live = () => {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>("connecting");
  useEffect(() => listen(client, setState), [client]);
  return (
    <span
      className={styles["live"]}
      data-state={state}
      role="status"
      title={
        state === "live"
          ? "What is new appears by itself"
          : "The connection for live updates is being made again"
      }
    >
      {liveWords[state]}
    </span>
  );
};

const SchemeSwitch = () => {
  // Holding transitions back while colours change would write a style tag into the page.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const system = useColorScheme();
  const isDark = (colorScheme === "auto" ? system : colorScheme) === "dark";
  const name = isDark ? "Light theme" : "Dark theme";
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={name}
      title={name}
      onClick={() => setColorScheme(isDark ? "light" : "dark")}
    >
      <Icon name={isDark ? "sun" : "moon"} />
    </ActionIcon>
  );
};

const Person = () => {
  const { data: me } = useMe();
  const client = useQueryClient();
  const signOut = async (): Promise<void> => {
    await send("DELETE", "session").catch(tellFailure);
    await client.resetQueries();
  };
  if (me === undefined || me.by === "open") return null;
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={`Sign out ${me.name}`}
      title={`${me.name} (${me.role}): sign out`}
      onClick={() => void signOut()}
    >
      <Icon name="exit" />
    </ActionIcon>
  );
};
