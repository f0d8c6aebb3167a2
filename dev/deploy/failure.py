"""What stops a deployment, in one line for whoever started it."""


class DeployFailed(Exception):
    """The text says what is wrong and what to do about it."""
