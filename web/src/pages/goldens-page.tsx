import { IconStack2 } from "@tabler/icons-react";

import { goldensQuery } from "../api/queries";
import type { Golden } from "../api/types";
import { Pill } from "../ui/pill";
import { HashCell, IdCell, TimeCell } from "./cells";
import { TablePage, type Column } from "./table-page";
import classes from "./table-page.module.css";

const COLUMNS: readonly Column<Golden>[] = [
  { name: "Golden", cell: (row) => <IdCell id={row.golden_id} what="golden id" /> },
  {
    name: "State",
    cell: (row) => <Pill tone={row.wanted ? "good" : "quiet"}>{row.wanted ? "current" : "stale"}</Pill>,
  },
  { name: "Agent build", cell: (row) => <HashCell hash={row.agent_build} what="agent build" /> },
  { name: "Tools", cell: (row) => <Tools tools={row.tools} /> },
  { name: "Built", cell: (row) => <TimeCell at={row.built_at} none="" /> },
  { name: "Build took", cell: (row) => `${row.build_s.toFixed(0)} s` },
];

/** The goldens on this host. */
export function GoldensPage() {
  return (
    <TablePage
      title="Goldens"
      about="What machines are made of. A golden is named by the hash of all that went into it, so it cannot go stale unseen."
      query={goldensQuery}
      columns={COLUMNS}
      keyOf={(row) => row.golden_id}
      empty={{
        icon: <IconStack2 size={32} />,
        title: "No golden yet",
        text: "Build the first one on the host: vestibule golden build",
      }}
    />
  );
}

function Tools({ tools }: Pick<Golden, "tools">) {
  return (
    <ul className={classes.list}>
      {Object.entries(tools).map(([name, version]) => (
        <li key={name}>
          {name} {version}
        </li>
      ))}
    </ul>
  );
}
