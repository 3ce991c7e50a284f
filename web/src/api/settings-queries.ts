/** What the page of settings reads: it changes with a restart only. */

import { queryOptions } from "@tanstack/react-query";

import * as client from "./client";

export const settingsQuery = queryOptions({ queryKey: ["settings"], queryFn: client.settings });
