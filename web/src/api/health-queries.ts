/** What the page of health reads; it is asked for again when somebody says so. */

import { queryOptions } from "@tanstack/react-query";

import * as client from "./client";

export const failuresQuery = (days: number) =>
  queryOptions({ queryKey: ["failures", days], queryFn: () => client.failures(days) });

export const hostHealthQuery = queryOptions({ queryKey: ["host-health"], queryFn: client.hostHealth });
