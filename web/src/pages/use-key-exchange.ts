import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { rotateKey } from "../api/client";
import { exchangeKey, type Progress } from "../api/key-exchange";
import type { ExchangeState } from "../components/vault/exchange-panel";

interface KeyExchange {
  state: ExchangeState;
  exchange: () => void;
}

/** The exchange of the master key, from this page; left, it is not waited for. */
export function useKeyExchange(): KeyExchange {
  const [progress, setProgress] = useState<Progress | null>(null);
  const { mutate, status, data, error } = useMutation({
    mutationFn: () => exchangeKey(rotateKey, setProgress),
  });
  const exchange = (): void => {
    setProgress(null);
    mutate();
  };
  switch (status) {
    case "idle":
      return { state: { kind: "idle" }, exchange };
    case "pending":
      return { state: { kind: "running", progress }, exchange };
    case "error":
      return { state: { kind: "failed", error, progress }, exchange };
    case "success":
      return { state: { kind: "ended", exchanged: data }, exchange };
  }
}
