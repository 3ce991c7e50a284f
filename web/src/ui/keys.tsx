import { Kbd } from "@mantine/core";

import { t } from "../i18n";

/** Keys one after the other, or together with a plus. */
export function Keys({ keys }: { keys: string }) {
  return (
    <>
      {keys.split(" ").map((key, index) => (
        <span key={index}>
          {index > 0 && " "}
          <Kbd size="sm">{key}</Kbd>
        </span>
      ))}
    </>
  );
}

/** How this device's keyboard calls the key that commands are given with. */
export const commandKey = (userAgent: string): string =>
  /Mac OS|iPhone|iPad/.test(userAgent) ? "⌘K" : `${t("desktop.ctrl")}+K`;
