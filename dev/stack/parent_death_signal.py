"""
Runs a program that ends when its parent ends, for any reason.

    python -IS parent_death_signal.py <parent's pid> <signal's number> <program> <argument> …

The program replaces this one, so the parent knows its pid. (A `preexec_fn` would do the same, but
may deadlock in a parent that has threads.) Linux only: elsewhere a parent killed by SIGKILL leaves
the program behind. Linux sends the signal when the parent's *thread* ends, so start programs in a
thread that outlives them.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Request the signal from the kernel, then become the program."""
    parent, number, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        sys.exit("the parent has ended already")
    os.execv(program[0], program)  # noqa: S606 — no shell needed


if __name__ == "__main__":
    main()
