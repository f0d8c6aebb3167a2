"""The API's processes: `python -m dev.server`. Settings come from the environment."""

import signal
import sys


def main() -> str | None:
    """Serve until SIGTERM or SIGINT; return why it cannot start."""
    # Before the imports, which take a second: as process 1 of a container it would ignore both.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit())

    from dev.server import serving

    return serving.serve()


if __name__ == "__main__":
    sys.exit(main())
