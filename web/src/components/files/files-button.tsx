import { Button, CloseButton, Progress } from "@mantine/core";
import { IconDownload, IconFolder, IconUpload } from "@tabler/icons-react";
import { useRef, useState } from "react";

import type { DownloadsFile } from "../../api/types";
import { t } from "../../i18n";
import { ProblemText } from "../../ui/problem-text";
import { bytes, percent } from "../../ui/quantities";
import { ToolButton } from "../desktop/tool-button";
import { ToolPopover } from "../desktop/tool-popover";
import classes from "./files.module.css";
import { isUnderWay, type Files, type Upload } from "./use-files";

/** The machine's Downloads: files are put there and taken from there. */
export function FilesButton({ files }: { files: Files }) {
  const { opened, open, close } = useOpened(files);
  const count = files.uploads.filter(isUnderWay).length;
  return (
    <ToolPopover
      opened={opened}
      onChange={(wanted) => {
        if (!wanted) close();
      }}
      width={320}
      button={
        <ToolButton
          label={count === 0 ? t("viewing.files") : t("viewing.filesUnderWay", { count })}
          expanded={opened}
          onClick={opened ? close : open}
        >
          <IconFolder size={18} />
          {count > 0 && (
            <span className={classes.count} aria-hidden="true">
              {count}
            </span>
          )}
        </ToolButton>
      }
    >
      <div className={classes.files}>
        <h3>{t("viewing.downloads")}</h3>
        <Content files={files} />
      </div>
    </ToolPopover>
  );
}

/** Opened by the person, by an upload that begins, and by one that fails; closed by the person alone. */
function useOpened({ uploads, refresh, tidy }: Files) {
  const newest = uploads.at(-1)?.id ?? 0;
  const [asked, setAsked] = useState(false);
  /** The newest upload that the person has seen begin. */
  const [seen, setSeen] = useState(newest);
  return {
    opened: asked || newest > seen || uploads.some(({ state }) => state.kind === "failed"),
    open: () => {
      setAsked(true);
      refresh();
    },
    close: () => {
      setAsked(false);
      setSeen(newest);
      tidy(); // with those that failed
    },
  };
}

function Content({ files }: { files: Files }) {
  const { downloads, problem, uploads } = files;
  return (
    <>
      {problem !== null && (
        <p role="alert" className={classes.problem}>
          <ProblemText problem={problem} />
        </p>
      )}
      {downloads?.upload === false && <p>{t("viewing.noUpload")}</p>}
      {downloads?.upload === true && <UploadButton files={files} most={downloads.max_bytes} />}
      {uploads.length > 0 && (
        <ul className={classes.list} aria-label={t("viewing.onTheirWay")}>
          {uploads.map((upload) => (
            <UploadItem key={upload.id} upload={upload} />
          ))}
        </ul>
      )}
      {downloads?.download === true && <DownloadsList files={downloads.files} address={files.address} />}
      {downloads !== null && !downloads.download && <p>{t("viewing.noDownload")}</p>}
    </>
  );
}

function UploadButton({ files, most }: { files: Files; most: number }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className={classes.upload}>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={t("viewing.toUpload")}
        onChange={({ currentTarget }) => {
          files.upload(Array.from(currentTarget.files ?? [], (file) => ({ file, folder: false })));
          currentTarget.value = "";
        }}
      />
      <Button
        size="xs"
        leftSection={<IconUpload size={14} />}
        onClick={() => {
          input.current?.click();
        }}
      >
        {t("viewing.upload")}
      </Button>
      <span>
        <span className={classes.byMouse}>{t("viewing.orDrop")}</span>{" "}
        {t("viewing.most", { size: bytes(most) })}
      </span>
    </div>
  );
}

function UploadItem({ upload: { name, share, state } }: { upload: Upload }) {
  return (
    <li className={classes.item}>
      <bdi className={classes.name} title={name}>
        {name}
      </bdi>
      <span className={classes.size}>
        {state.kind === "waiting" && t("viewing.waits")}
        {state.kind === "going" && percent(Math.round(share * 100) / 100)}
        {/* Its end alone is read out, not every step to it. */}
        <span role="status">{endOf(state.kind)}</span>
      </span>
      {(state.kind === "going" || state.kind === "waiting") && (
        <>
          <CloseButton size="sm" aria-label={t("viewing.cancelUpload", { name })} onClick={state.cancel} />
          <Progress
            className={classes.wide}
            value={share * 100}
            size="sm"
            aria-label={t("viewing.uploadOf", { name })}
          />
        </>
      )}
      {state.kind === "failed" && (
        <span role="alert" className={`${classes.wide ?? ""} ${classes.problem ?? ""}`}>
          <ProblemText problem={state.problem} />
        </span>
      )}
    </li>
  );
}

/** What is said of it without being asked. */
function endOf(kind: Upload["state"]["kind"]): string | null {
  if (kind === "failed") return t("viewing.notUploaded");
  return kind === "done" ? t("viewing.uploaded") : null;
}

interface ListProps {
  files: readonly DownloadsFile[];
  address: (file: DownloadsFile) => string;
}

function DownloadsList({ files, address }: ListProps) {
  if (files.length === 0) return <p>{t("viewing.nothingThere")}</p>;
  return (
    <ul className={classes.list} aria-label={t("viewing.downloads")}>
      {files.map((file) => (
        <li key={file.file} className={classes.item}>
          <bdi className={classes.name} title={file.name}>
            {file.name}
          </bdi>
          <span className={classes.size}>{bytes(file.size)}</span>
          <a
            href={address(file)}
            download={file.name}
            aria-label={t("viewing.save", { name: file.name })}
            className={classes.save}
          >
            <IconDownload size={16} aria-hidden="true" />
          </a>
        </li>
      ))}
    </ul>
  );
}
