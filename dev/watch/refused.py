"""What a button of the page cannot do, with the reason."""


class CommandRefused(Exception):
    """The text says why, for the page."""
