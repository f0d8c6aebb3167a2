"""`make watch`: opens the live page of the stack that runs, or else runs one and opens its page."""

from __future__ import annotations

import os
import sys
import webbrowser

from dev.stack import local_stack, target


def main() -> int:
    """Return the exit status, at once where a stack runs, else when the new one has ended."""
    running = target.running()
    if running is None:
        return local_stack.main(open_page)
    if "watch" not in running:
        print("`make services` runs here, which has no live page: end it and type make watch again")
        return 1
    url = running["watch"]["url"]
    print(f"Live page   {url}")
    open_page(url)
    return 0


def open_page(url: str) -> None:
    """Open it where there is a screen: a browser in the terminal would take that from the log."""
    if sys.platform == "darwin" or os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY"}:
        webbrowser.open(url)


if __name__ == "__main__":
    sys.exit(main())
