"""Failures of goldens: of making, trying and keeping them, and of what they hold."""

from __future__ import annotations

from collections.abc import Mapping

from vestibule.core.failures.codes import FailureCode as Code
from vestibule.core.failures.meaning import FailureMeaning, Fault, lasting, passing

_BUILD, _GOLDEN = Fault.BUILD, Fault.GOLDEN
_REBUILD = "Build the golden again (vestibule golden build); machines that run are not touched."
_READ = "Read the report and its evidence (vestibule golden canary), mend the input, build again."
_AGAIN = "Try again; if it repeats, run vestibule doctor and read the evidence (console, agent log)."

OF_GOLDENS: Mapping[Code, FailureMeaning] = {
    Code.BASE_OUTDATED: lasting(
        _BUILD,
        "A package needs a newer version of what the base layer has of an older day.",
        "Raise serial in images/base.toml, then run vestibule golden build.",
    ),
    Code.BUILDER_BROKE: lasting(
        _BUILD,
        "The builder's process ended before it was done, or said what is no news of a build.",
        "Build by hand and read what it says: vestibule golden build.",
    ),
    Code.CANARY_FAILED: lasting(_BUILD, "Clones of the candidate did not do what people need.", _READ),
    Code.CANARY_TOO_SLOW: passing(
        _BUILD,
        "The canary took so long that it says nothing of the golden.",
        "Try again when the host is less busy: vestibule golden build.",
    ),
    Code.DIGEST_MISSING: lasting(
        _BUILD,
        "A package was installed of which Debian's index has no digest.",
        "Set debian_mirror to a mirror whose index has one, then run vestibule golden build.",
    ),
    Code.FILE_TAKEN_AWAY: lasting(
        _BUILD,
        "A package of the browser layer removes a file of the base layer.",
        "Name that package in images/base.toml instead, then run vestibule golden build.",
    ),
    Code.GOLDEN_ABSENT: lasting(
        _BUILD, "There is no golden to start machines from.", "Build one: vestibule golden build."
    ),
    Code.GOLDEN_CHECK_FAILED: lasting(
        _BUILD,
        "A tool does not run in the finished golden, or is another version than was pinned.",
        "Correct the version in images/tools, then run vestibule golden build.",
    ),
    Code.GOLDEN_CORRUPT: lasting(
        _BUILD,
        "What is stored of a golden is not what was built.",
        "See what is damaged and have it made again: vestibule golden verify --discard.",
    ),
    Code.GOLDEN_FAILED: lasting(
        _BUILD,
        "A step of a golden's making failed.",
        "Read the end of its log (vestibule golden log), mend what it names, build again.",
    ),
    Code.GOLDEN_IN_USE: passing(
        _BUILD,
        "What is damaged cannot be removed while something runs from it.",
        "Wait until the last machine from it has ended: vestibule vm list.",
    ),
    Code.GOLDEN_INCOMPATIBLE: lasting(
        _BUILD, "The golden's agent speaks another contract than this controller.", _REBUILD
    ),
    Code.GOLDEN_MOVED: lasting(
        _BUILD,
        "Somebody promoted another golden meanwhile, which is left as it is.",
        "Look at what is promoted (vestibule golden list), and decide again.",
    ),
    Code.GOLDEN_STALE: lasting(
        _BUILD,
        "The promoted golden is not the one of today's inputs, and stale_policy is refuse.",
        "Build the wanted one (vestibule golden build), or set stale_policy to rebuild or allow.",
    ),
    Code.GOLDEN_UNSIGNED: lasting(
        _BUILD,
        "A golden has no statement of its making that can be believed.",
        "Build it here: stop the controller, run vestibule golden verify --discard, then start it.",
    ),
    Code.GOLDEN_UNTESTED: lasting(
        _BUILD,
        "A golden that has passed no canary is not promoted.",
        "Have it tried: vestibule golden build.",
    ),
    Code.INPUTS_MOVED: passing(
        _BUILD,
        "An input was changed while the golden was made of it.",
        "Build again: vestibule golden build.",
    ),
    Code.INTEGRITY_MISMATCH: lasting(
        _BUILD,
        "What the npm registry gave is not what the lock file names.",
        "Look at the registry and at images/tools/package-lock.json before you build again.",
    ),
    Code.KERNEL_CHANGED: lasting(
        _BUILD,
        "A package of the browser layer changes the kernel that machines boot.",
        "Name that package in images/base.toml instead, then run vestibule golden build.",
    ),
    Code.LOCK_MISMATCH: lasting(
        _BUILD,
        "In images/tools, package.json and package-lock.json disagree.",
        "In images/tools run npm install --package-lock-only, then vestibule golden build.",
    ),
    Code.MIRROR_FAILED: passing(
        _BUILD,
        "The Debian mirror does not give what was asked of it.",
        "See that this host reaches it (apt update), or set debian_mirror to another one.",
    ),
    Code.NO_GOLDEN_BEFORE: lasting(
        _BUILD,
        "There is no earlier golden to roll back to.",
        "Build and try another: vestibule golden build.",
    ),
    Code.PACKAGE_MISSING: lasting(
        _BUILD,
        "Debian's archive does not have a package that is named.",
        "Correct its name, or name a suite or component that has it, in images/base.toml.",
    ),
    Code.RECIPE_INVALID: lasting(
        _BUILD,
        "An input of goldens cannot be read, or is not of its form.",
        "Mend the file that is named; the controller reads again as soon as it is saved.",
    ),
    Code.REGISTER_DAMAGED: lasting(
        _BUILD,
        "The register of promotions cannot be read.",
        "Move it away, then promote what is to be used: vestibule golden build.",
    ),
    Code.REGISTRY_FAILED: passing(
        _BUILD,
        "The npm registry does not give what was asked of it.",
        "See that this host reaches it (npm ping), then run vestibule golden build.",
    ),
    Code.SBOM_ABSENT: lasting(
        _BUILD,
        "A golden has no list of its packages.",
        "Build it again, after vestibule golden verify --discard.",
    ),
    Code.SCRUB_BROKE: passing(
        _BUILD,
        "The promoted golden could not be read through.",
        "Do it by hand and read what it says: vestibule golden verify.",
    ),
    Code.SNAPSHOT_ABSENT: lasting(
        _BUILD,
        "The golden has no memory snapshot for this host's virtual machines.",
        "Make it: vestibule golden build --snapshot.",
    ),
    Code.SNAPSHOT_EXCHANGED: passing(
        _BUILD,
        "The memory snapshot was made again while a machine was started from it.",
        "Start the machine again.",
    ),
    Code.KERNEL_PANICKED: passing(
        _BUILD,
        "The kernel of a machine that was to be saved stopped by itself.",
        "Build again: an emulated processor may trip a kernel. If it repeats, read the console.",
    ),
    Code.SNAPSHOT_FAILED: passing(
        _BUILD,
        "A machine could not be brought to where its memory can be saved.",
        "Build again; if it repeats, read the snapshot's console in the cache's logs.",
    ),
    Code.ADDRESS_UNSET: passing(_GOLDEN, "The machine did not take its address.", _AGAIN),
    Code.AGENT_MISMATCH: lasting(
        _GOLDEN, "The agent in the machine is not the one that belongs to this controller.", _REBUILD
    ),
    Code.BROWSER_ABSENT: passing(_GOLDEN, "The machine's browser did not come up.", _AGAIN),
    Code.CLOCK_WRONG: passing(_GOLDEN, "The machine's clock did not take the time.", _AGAIN),
    Code.DESKTOP_ABSENT: passing(_GOLDEN, "The machine's desktop did not come up.", _AGAIN),
    Code.RANDOMNESS_UNCONFIRMED: passing(
        _GOLDEN, "The machine did not confirm that it drew fresh randomness.", _AGAIN
    ),
    Code.SHARED_RANDOMNESS: lasting(
        _GOLDEN,
        "Clones of one golden drew the same random bytes, and would make the same keys.",
        "Do not use this golden; report it.",
    ),
    Code.TOOL_MISSING: lasting(
        _GOLDEN,
        "The tool's command is not in this golden.",
        "Build the golden again (vestibule golden build) and check the provider's package.",
    ),
    Code.VNC_ABSENT: passing(_GOLDEN, "The machine's desktop cannot be looked at.", _AGAIN),
}
