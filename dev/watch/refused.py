"""What a button of the page cannot do, with the reason."""


class Refused(Exception):
    """The text says why, for the page."""
