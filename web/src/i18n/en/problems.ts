export const problems = {
  "problems.offline": "This device has no network.",
  "problems.offlineRemedy": "Nothing to do: this page goes on by itself once it has one.",
  "problems.unreachable": "The controller did not answer.",
  "problems.unreachableRemedy": "See that it is running (vestibule up); this page tries again by itself.",
  "problems.unexplained": "The controller answered with status {status} and no explanation.",
  "problems.unexplainedRemedy":
    "Look into the controller's log; a proxy in between may have answered instead.",
  "problems.internalRemedy": "Reload the page; if it happens again, report it with the browser's console.",
} as const;
