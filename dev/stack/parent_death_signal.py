"""
Runs a program that ends with its parent, however that one ends. Knows nothing of either.

    python -IS parent_death_signal.py <parent's pid> <signal's number> <program> <argument> …

The program takes this one's place, so its pid is the one that the parent knows. (A `preexec_fn`
would do the same, but may deadlock in a parent that has threads.) Linux only; elsewhere a parent
killed by SIGKILL leaves the program behind. Linux means the parent's *thread*: start programs in
one that lives on.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for the signal when the parent ends, then become the program."""
    parent, number, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        sys.exit("the parent has ended already")
    os.execv(program[0], program)  # noqa: S606 — no shell is wanted


if __name__ == "__main__":
    main()
