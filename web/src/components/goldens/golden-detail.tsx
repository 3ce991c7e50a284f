import type { Golden, GoldenDetail } from "../../api/types";
import { brief } from "../../ui/brief";
import { Facts, type Fact } from "../../ui/facts";
import { Panel } from "../../ui/panel";
import { day, duration } from "../../ui/time";
import { changeSummary } from "./changes";
import { ChangesList } from "./changes-list";
import classes from "./golden-detail.module.css";
import { MovesList } from "./moves-list";

/** What became of a golden, and what it is made of. */
export function GoldenDetailPanels({ detail }: { detail: GoldenDetail }) {
  return (
    <>
      <Panel title="History">
        <MovesList moves={detail.moves} />
      </Panel>
      <Panel title="Made of">
        <Facts facts={factsOf(detail.golden)} unknown="unknown" />
      </Panel>
      <Panel title="Tools">
        <Facts facts={textsOf(detail.golden.tools)} unknown="unknown" />
      </Panel>
      <Digests digests={detail.digests} />
    </>
  );
}

/** What made it another golden than the one before. */
export function GoldenChanges({ detail: { compared_with, changes } }: { detail: GoldenDetail }) {
  return (
    <Panel title="What changed">
      <p className={classes.since}>
        {compared_with === null ? (
          "This host has no older golden to compare it with."
        ) : (
          <>
            Since <code>{compared_with}</code>, the golden built before it:{" "}
            {changes.length === 0 ? "no input, it was built again." : `${changeSummary(changes)}.`}
          </>
        )}
      </p>
      {changes.length > 0 && <ChangesList changes={changes} />}
    </Panel>
  );
}

function Digests({ digests }: Pick<GoldenDetail, "digests">) {
  if (Object.keys(digests).length === 0) return null;
  return (
    <Panel title="Digests">
      <Facts facts={textsOf(digests)} unknown="unknown" />
    </Panel>
  );
}

function factsOf(golden: Golden): Fact[] {
  return [
    { name: "Built", value: day(golden.built_at), copyable: false },
    { name: "Build took", value: duration(golden.build_s), copyable: false },
    { name: "Agent build", value: golden.agent_build, shown: brief(golden.agent_build), copyable: true },
    { name: "Agent contract", value: `${golden.contract}`, copyable: false },
    ...golden.layers.map((layer) => ({ name: `Layer ${kindOf(layer)}`, value: layer, copyable: true })),
  ];
}

/** `l-agent-…` is a layer of the kind “agent”. */
const kindOf = (layer: string): string => /^l-([a-z]+)-/.exec(layer)?.[1] ?? "";

const textsOf = (texts: Readonly<Record<string, string>>): Fact[] =>
  Object.entries(texts).map(([name, value]) => ({
    name,
    value,
    shown: brief(value),
    copyable: brief(value) !== value,
  }));
