"""The error of an action that the live page cannot carry out."""


class CommandRefused(Exception):
    """The text contains the reason, for the page."""
