"""Open files: a bench with a thousand connections needs more than the thousand that a shell allows."""

from __future__ import annotations

import resource

from vestibule.core.errors import HostUnfit


def allow_descriptors(count: int) -> None:
    """Let this process, and those that it starts, have so many files open.

    Raises HostUnfit where that is more than the host lets it allow itself.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= count:
        return
    if hard not in {resource.RLIM_INFINITY, -1} and hard < count:
        raise HostUnfit(
            f"This needs {count} open files in one process, and no more than {hard} are allowed here.",
            remedy=f"Allow more (as root: ulimit -Hn {count}, or LimitNOFILE of its unit), or ask for less.",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
