"""`make watch`: opens the live page of the running stack, or starts a stack and opens its page."""

from __future__ import annotations

import os
import sys
import webbrowser

from dev.stack import target
from dev.watch import local_stack


def main() -> int:
    """Return the exit status: at once if a stack runs, else after the new one has ended."""
    running = target.running()
    if running is None:
        return local_stack.main(open_page)
    if "watch" not in running:
        print("`make services` runs here and has no live page: stop it and run `make watch` again")
        return 1
    url = running["watch"]["url"]
    print(f"Live page   {url}")
    open_page(url)
    return 0


def open_page(url: str) -> None:
    """Open the page if there is a display. A text browser would use the log's terminal."""
    if sys.platform == "darwin" or os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY"}:
        webbrowser.open(url)


if __name__ == "__main__":
    sys.exit(main())
