"""
An alarm of our template, judged as CloudWatch judges it.

Only what our alarms use: one metric, whole periods, as many of them breaching in a row as are
looked at, missing data that does not breach. Anything else in a template is refused here.
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
    """An alarm by its template's properties, `names` standing for what the stack knows."""

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
        # What is overridden stays in a merged template; CloudWatch would refuse both.
        named = [
            properties[name] for name in ("Statistic", "ExtendedStatistic") if name in properties
        ]
        (statistic,) = named
        self._statistic = _STATISTICS[statistic]

    def fires(self, points: Sequence[Datapoint]) -> bool:
        """Tell whether there is a moment at which it is in the state ALARM."""
        periods: dict[int, list[float]] = defaultdict(list)
        for point in points:
            if point.metric == self.metric:
                periods[int(point.second // self._period)].append(point.value)
        bad = {each for each, values in periods.items() if self._is_bad(values)}
        return any(all(each - n in bad for n in range(self._periods)) for each in bad)

    def _is_bad(self, values: Sequence[float]) -> bool:
        return self._breaches(self._statistic(values), self._threshold)


def of_template(template: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Alarm]:
    """Return a template's alarms by their names in it."""
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
    """Resolve the functions of CloudFormation that stand in our alarms' dimensions."""
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
    raise AssertionError(f"not expected in a dimension: {function}")


def _split(given: Any, names: Mapping[str, str]) -> list[str]:
    separator, text = given["Fn::Split"]
    return _value(text, names).split(separator)
