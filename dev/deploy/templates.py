"""
Makes the two templates from the files in `infra/`, merged as Chalice merges: a later one wins.

The data stack consists of `tables/`, which the local stack uses too, and `data/`. `app/` has what
Chalice cannot express about the functions. Both are extended for each of `RESOURCES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

from chalice.package import TemplateDeepMerger, YAMLTemplateSerializer
from chalice.utils import to_cfn_resource_name

from chalicelib.resources import RESOURCES, Resource

INFRA: Final = Path(__file__).parents[2] / "infra"

Template = dict[str, Any]

_OF_DEPLOYMENT: Final = ("Stage", "CodeBucket", "CodeKey", "CacheFailover")


def data(infra: Path = INFRA) -> Template:
    """Return the template of the data stack: tables, cache, network, roles."""
    template = merged([*parts(infra / "data"), *parts(infra / "tables")])
    user = template["Mappings"]["Redis"]["User"]
    prefixes = " ".join(f"~{each.key_prefix}*" for each in RESOURCES)
    user["Access"] = user["Access"].replace("<prefixes>", prefixes)
    way = template["Resources"]["WayToDynamoDB"]["Properties"]["PolicyDocument"]["Statement"][0]
    for resource in RESOURCES:
        arn = f"${{{resource.template_name}Table.Arn}}"
        way["Resource"] += [{"Fn::Sub": arn}, {"Fn::Sub": f"{arn}/index/*"}]
    return template


def app(infra: Path = INFRA) -> Template:
    """Return what is merged into Chalice's template of the functions."""
    template = merged(parts(infra / "app"))
    for resource in RESOURCES:
        _add(template, resource)
    return template


def _add(app: Template, resource: Resource) -> None:
    """Add a resource: its table, its stream's function with an alarm, the limits of its list."""
    table, stream = f"{resource.template_name}TableName", f"{resource.template_name}StreamArn"
    app["Parameters"] |= {table: {"Type": "String"}, stream: {"Type": "String"}}
    _add_stream_function(app["Resources"], resource, stream)
    for function in ("APIHandler", *map(_function, RESOURCES)):
        if function in app["Resources"]:
            variables = app["Resources"][function]["Properties"]["Environment"]["Variables"]
            variables[resource.table_variable] = {"Ref": table}
    methods = app["Resources"]["RestAPI"]["Properties"]["MethodSettings"]
    methods += [_list_method(methods[0], resource, verb) for verb in ("GET", "HEAD")]


def _add_stream_function(resources: Template, resource: Resource, stream: str) -> None:
    """Copy the first resource's function and alarm for this resource's stream."""
    name, first = _function(resource), _function(RESOURCES[0])
    if name != first:
        resources[name] = deepcopy(resources[first])
        alarm = deepcopy(resources["StreamBehind"])
        alarm["Properties"]["Dimensions"] = [{"Name": "FunctionName", "Value": {"Ref": name}}]
        resources[f"StreamBehind{resource.template_name}"] = alarm
    (event,) = resources[name]["Properties"]["Events"].values()
    event["Properties"]["Stream"] = {"Ref": stream}
    resources[name]["Properties"]["Events"] = {f"{name}DynamodbEventSource": event}


def _function(resource: Resource) -> str:
    """Return the name of the stream's function in Chalice's template."""
    name: str = to_cfn_resource_name(resource.stream_function)
    return name


def _list_method(general: Template, resource: Resource, verb: str) -> Template:
    return general | {
        "ResourcePath": f"/~1{resource.name}",
        "HttpMethod": verb,
        "ThrottlingRateLimit": {"Ref": "ListRequestsPerSecond"},
        "ThrottlingBurstLimit": {"Ref": "ListRequestsAtOnce"},
    }


def account(infra: Path = INFRA) -> Template:
    """Return the template of what an account has once in a region."""
    return merged([infra / "account.yaml"])


def settable() -> set[str]:
    """Return the parameters for people: the others are outputs, or set by the deployment."""
    kept, run = data(), app()
    outputs = kept["Outputs"].keys() - kept["Parameters"].keys()
    return (kept["Parameters"].keys() | run["Parameters"].keys()) - outputs - set(_OF_DEPLOYMENT)


def parts(directory: Path) -> list[Path]:
    """Return the files of a template."""
    return sorted(directory.glob("*.yaml"))


def merged(paths: Sequence[Path]) -> Template:
    """Merge the files in order."""
    whole: Template = {}
    for path in paths:
        part = YAMLTemplateSerializer().load_template(path.read_text(), str(path))
        whole = TemplateDeepMerger().merge(part, whole)
    return whole
