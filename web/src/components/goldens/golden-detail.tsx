import type { Golden, GoldenDetail } from "../../api/types";
import { rich, t } from "../../i18n";
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
      <Panel title={t("common.history")}>
        <MovesList moves={detail.moves} />
      </Panel>
      <Panel title={t("goldens.madeOf")}>
        <Facts facts={factsOf(detail.golden)} unknown={t("common.unknown")} />
      </Panel>
      <Panel title={t("goldens.tools")}>
        <Facts facts={textsOf(detail.golden.tools)} unknown={t("common.unknown")} />
      </Panel>
      <Digests digests={detail.digests} />
    </>
  );
}

/** What made it another golden than the one before. */
export function GoldenChanges({ detail: { compared_with, changes } }: { detail: GoldenDetail }) {
  return (
    <Panel title={t("goldens.whatChanged")}>
      <p className={classes.since}>
        {compared_with === null ? (
          t("goldens.noOlder")
        ) : (
          <>
            {rich("goldens.since", {
              before: compared_with,
              changes: changes.length === 0 ? t("goldens.noInput") : `${changeSummary(changes)}.`,
            })}
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
    <Panel title={t("goldens.digests")}>
      <Facts facts={textsOf(digests)} unknown={t("common.unknown")} />
    </Panel>
  );
}

function factsOf(golden: Golden): Fact[] {
  return [
    { name: t("goldens.built"), value: day(golden.built_at), copyable: false },
    { name: t("goldens.buildTook"), value: duration(golden.build_s), copyable: false },
    {
      name: t("common.agentBuild"),
      value: golden.agent_build,
      shown: brief(golden.agent_build),
      copyable: true,
    },
    { name: t("goldens.contract"), value: `${golden.contract}`, copyable: false },
    ...golden.layers.map((layer) => ({
      name: t("goldens.layer", { kind: kindOf(layer) }),
      value: layer,
      copyable: true,
    })),
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
