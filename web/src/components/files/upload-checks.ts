/** What can be known of a file before a byte of it is sent. */

import { own, type OwnProblem } from "../../api/problem";
import type { Downloads } from "../../api/types";
import { t } from "../../i18n";
import { bytes } from "../../ui/quantities";

/** What a person gives: files they chose or dropped, and folders that they dropped. */
export interface Given {
  file: File;
  folder: boolean;
}

/** Why the machine would not take it; null when it may. */
export function refusalOf({ file, folder }: Given, { upload, max_bytes }: Downloads): OwnProblem | null {
  if (!upload) return own("file_transfer_off", t("viewing.noUpload"), t("viewing.noUploadRemedy"));
  if (folder) return own("folder", t("viewing.folder"), t("viewing.folderRemedy"));
  if (file.size <= max_bytes) return null;
  const sizes = { size: bytes(file.size), most: bytes(max_bytes) };
  return own("file_too_large", t("viewing.tooLarge", sizes), t("viewing.tooLargeRemedy"));
}

/** What was dropped; a folder comes as a file that cannot be read. */
export function givenIn({ items, files }: DataTransfer): Given[] {
  const folders = new Set(
    Array.from(items)
      .filter((item) => item.webkitGetAsEntry()?.isDirectory === true)
      .map((item) => item.getAsFile()?.name),
  );
  return Array.from(files).map((file) => ({ file, folder: folders.has(file.name) }));
}
