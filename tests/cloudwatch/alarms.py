"""
Evaluates an alarm of the project's template as CloudWatch does.

Supports only what these alarms use: one metric, whole periods, all evaluated periods breaching, and
missing data as not breaching. Anything else in a template fails here.
Source: Amazon CloudWatch User Guide, "Using Amazon CloudWatch alarms", "Evaluating an alarm".
"""

import math
import operator
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.cloudwatch.metrics import Datapoint

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
}
_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "p99": lambda values: sorted(values)[math.ceil(len(values) * 0.99) - 1],
}


class Alarm:
    """An alarm from its template's properties. `names` contains the stack's references."""

    def __init__(self, properties: Mapping[str, Any], names: Mapping[str, str]) -> None:
        assert "notBreaching" == properties["TreatMissingData"]
        assert properties.keys().isdisjoint({"Metrics", "DatapointsToAlarm", "Unit"})
        dimensions = {each["Name"]: _value(each["Value"], names) for each in _dims(properties)}
        identity = frozenset(dimensions.items())
        self.metric = properties["Namespace"], properties["MetricName"], identity
        self._period: int = properties["Period"]
        self._periods: int = properties["EvaluationPeriods"]
        self._breaches = _COMPARISONS[properties["ComparisonOperator"]]
        self._threshold: float = properties["Threshold"]
        # A merged template keeps an overridden statistic. CloudWatch refuses two.
        named = [
            properties[name] for name in ("Statistic", "ExtendedStatistic") if name in properties
        ]
        (statistic,) = named
        self._statistic = _STATISTICS[statistic]

    def fires(self, points: Sequence[Datapoint]) -> bool:
        """Return whether the alarm enters the state ALARM at any time."""
        periods: dict[int, list[float]] = defaultdict(list)
        for point in points:
            if point.metric == self.metric:
                periods[int(point.second // self._period)].append(point.value)
        breaching = {each for each, values in periods.items() if self._is_breaching(values)}
        return any(all(each - n in breaching for n in range(self._periods)) for each in breaching)

    def _is_breaching(self, values: Sequence[float]) -> bool:
        return self._breaches(self._statistic(values), self._threshold)


def of_template(template: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Alarm]:
    """Return the alarms of a template by their logical names."""
    resources = template["Resources"].items()
    return {
        name: Alarm(each["Properties"], names)
        for name, each in resources
        if each.get("Type") == "AWS::CloudWatch::Alarm"
    }


def _dims(properties: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    dimensions: Sequence[Mapping[str, Any]] = properties["Dimensions"]
    return dimensions


def _value(given: Any, names: Mapping[str, str]) -> str:
    """Resolve the CloudFormation functions that the alarms' dimensions use."""
    if isinstance(given, str):
        return given
    ((function, argument),) = given.items()
    if function == "Ref":
        return names[argument]
    if function == "Fn::Sub":
        for name, value in names.items():
            argument = argument.replace(f"${{{name}}}", value)
        return str(argument)
    if function == "Fn::Select":
        place, parts = argument
        return _split(parts, names)[int(place)]
    raise AssertionError(f"unexpected function in a dimension: {function}")


def _split(given: Any, names: Mapping[str, str]) -> list[str]:
    separator, text = given["Fn::Split"]
    return _value(text, names).split(separator)
