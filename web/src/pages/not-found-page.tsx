import { IconDoorOff } from "@tabler/icons-react";
import { Link } from "wouter";

import { EmptyState } from "../ui/empty-state";
import { PageHead } from "../ui/page-head";
import { PATHS } from "./paths";

export function NotFoundPage() {
  return (
    <>
      <PageHead title="No such page">There is no door here.</PageHead>
      <EmptyState icon={<IconDoorOff size={32} />} title="This address leads nowhere">
        <Link href={PATHS.connect}>Go to the tools</Link>
      </EmptyState>
    </>
  );
}
