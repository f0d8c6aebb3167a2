"""Waits for what AWS does by itself, up to a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from dev.deploy.failure import DeployFailed

_NETWORK_SECONDS: Final = 2700.0
"""Lambda takes up to 20 minutes to leave a network; users of CloudFormation report 45."""


def wait_until(
    is_done: Callable[[], bool], failure: str, *, seconds: float, poll_seconds: float
) -> None:
    """Return once `is_done()` is true. Raise `DeployFailed` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            raise DeployFailed(f"{failure}, after {seconds:.0f} s")
        time.sleep(poll_seconds)


def wait_for_network_interfaces(ec2: Any, group_id: str, poll_seconds: float) -> None:
    """
    Return once a security group has no network interfaces. Raise `DeployFailed`.

    Until then its subnets cannot be deleted, and Lambda needs the functions' roles to delete them.
    """
    pages = ec2.get_paginator("describe_network_interfaces")
    of_group = [{"Name": "group-id", "Values": [group_id]}]

    def are_gone() -> bool:
        return not any(page["NetworkInterfaces"] for page in pages.paginate(Filters=of_group))

    if not are_gone():
        print("Waiting until Lambda has left the network, which takes minutes", flush=True)
        failure = f"Lambda still has network interfaces in {group_id}"
        wait_until(are_gone, failure, seconds=_NETWORK_SECONDS, poll_seconds=poll_seconds)
