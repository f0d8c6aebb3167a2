"""The error that stops a deployment."""


class DeployFailed(Exception):
    """The text says what is wrong and what to do about it."""
