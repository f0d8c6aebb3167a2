"""The interfaces by which Lambda's functions are in a network. Lambda removes them, late."""

from __future__ import annotations

from typing import Any, Final

from dev.deploy.polling import wait_until

_SECONDS: Final = 2700.0
"""Lambda takes up to 20 minutes; CloudFormation's own users report 45."""


def wait_until_left(ec2: Any, group_id: str, poll_seconds: float) -> None:
    """
    Return once no interface is in a security group. Raise `DeployFailed`.

    Until then its subnets cannot be deleted, and Lambda needs the functions' roles to remove it.
    """
    pages = ec2.get_paginator("describe_network_interfaces")
    of_group = [{"Name": "group-id", "Values": [group_id]}]

    def are_gone() -> bool:
        return not any(page["NetworkInterfaces"] for page in pages.paginate(Filters=of_group))

    if not are_gone():
        print("Waiting until Lambda has left the network, which takes minutes", flush=True)
        failure = f"Lambda still has network interfaces in {group_id}"
        wait_until(are_gone, failure, seconds=_SECONDS, poll_seconds=poll_seconds)
