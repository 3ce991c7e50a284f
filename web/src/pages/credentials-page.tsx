import { IconKey } from "@tabler/icons-react";

import { credentialsQuery } from "../api/queries";
import type { Credential } from "../api/types";
import { CommandCell, IdCell, MomentCell, TimeCell } from "./cells";
import { TablePage, type Column } from "./table-page";

const COLUMNS: readonly Column<Credential>[] = [
  { name: "Credential", cell: (row) => <IdCell id={row.credential_id} what="credential id" /> },
  { name: "Tool", cell: (row) => row.provider },
  { name: "Account", cell: (row) => row.account ?? "not told by the tool" },
  { name: "Sealed", cell: (row) => <TimeCell at={row.sealed_at} none="" /> },
  { name: "Expires", cell: (row) => <TimeCell at={row.expires_at} none="not told by the tool" /> },
  { name: "Held by", cell: (row) => <HolderCell row={row} /> },
  { name: "Take it out", cell: (row) => <ExportCommand id={row.credential_id} /> },
];

/** What is sealed in the vault, without its content. */
export function CredentialsPage() {
  return (
    <TablePage
      title="Credentials"
      about="Sealed in the vault. Only their owner can take one out, on the command line."
      query={credentialsQuery}
      columns={COLUMNS}
      keyOf={(row) => row.credential_id}
      empty={{
        icon: <IconKey size={32} />,
        title: "Nothing sealed yet",
        text: "A credential comes here when you have signed in to a tool.",
      }}
    />
  );
}

/** Its one live holder and since when, or that the vault alone has it. */
function HolderCell({ row }: { row: Credential }) {
  if (row.holder === null || row.held_since === null) return <>nobody</>;
  return (
    <>
      {row.holder} since <MomentCell at={row.held_since} />
    </>
  );
}

function ExportCommand({ id }: { id: string }) {
  return <CommandCell command={`vestibule credentials export ${id} --to ~/`} />;
}
