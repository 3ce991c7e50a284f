import { Menu } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconDots } from "@tabler/icons-react";
import { Link, useLocation } from "wouter";

import { t } from "../i18n";
import type { Destination } from "./destinations";
import classes from "./tabs.module.css";

/** So many are shown in a narrow window, before *More*: names of other languages are longer. */
const FIRST = 4;
const FIRST_ON_PHONE = 3;
const PHONE = "(max-width: 30em)";
/** Also when it is first drawn: a tab that goes after that moves the others. */
const RIGHT_AWAY = { getInitialValueInEffect: false };

/** The way to every page. */
export function Tabs({ tabs }: { tabs: readonly Destination[] }) {
  const [location] = useLocation();
  const isHere = ({ path }: Destination) => location.startsWith(path);
  const first = useMediaQuery(PHONE, undefined, RIGHT_AWAY) ? FIRST_ON_PHONE : FIRST;
  const others = tabs.slice(first);
  return (
    <nav className={classes.tabs} aria-label={t("shell.pages")}>
      {tabs.map((tab, index) => (
        <Link
          key={tab.path}
          href={tab.path}
          className={classes.tab}
          data-late={index >= first}
          aria-current={isHere(tab) ? "page" : undefined}
        >
          <tab.Icon size={18} aria-hidden="true" />
          <span>{t(tab.name)}</span>
        </Link>
      ))}
      <Menu position="top-end" radius="md" withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <button type="button" className={classes.more} data-here={others.some(isHere)}>
            <IconDots size={18} aria-hidden="true" />
            <span>{t("shell.more")}</span>
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {others.map((tab) => (
            <Menu.Item
              key={tab.path}
              component={Link}
              href={tab.path}
              leftSection={<tab.Icon size={17} aria-hidden="true" />}
              aria-current={isHere(tab) ? "page" : undefined}
            >
              {t(tab.name)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </nav>
  );
}
