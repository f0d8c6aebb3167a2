"""The type of the fixture that wires the catalog to fakes at its two edges."""

from collections.abc import Callable

from chalicelib.bootstrap import Container

Wire = Callable[..., Container]
