import type { UseMutationResult } from "@tanstack/react-query";

import type { ConfirmedAction } from "../ui/confirmed-action";

/** A mutation as components know it. */
export function actionOf<Answer, Input>(
  mutation: UseMutationResult<Answer, Error, Input>,
): ConfirmedAction<Input> {
  const { mutateAsync, isPending, error, reset } = mutation;
  return { act: mutateAsync, busy: isPending, error, reset };
}
