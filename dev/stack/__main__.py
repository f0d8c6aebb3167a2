"""`make run`: runs the local stack until Ctrl-C."""

import sys

from dev.stack import local_stack

if __name__ == "__main__":
    sys.exit(local_stack.main())
