"""The alarms of the project's template, for a stage `dev`."""

from chalicelib.resources import RESOURCES
from dev.deploy import templates
from tests.cloudwatch import alarms

QUEUE = "dead-letters"
NAMES = {
    "Stage": "dev",
    "APIHandler": "product-catalog-dev-api",
    **{
        each.stream_function.title().replace("_", ""): f"product-catalog-dev-{each.stream_function}"
        for each in RESOURCES
    },
    "DeadLetterQueueArn": f"arn:aws:sqs:eu-central-1:123456789012:{QUEUE}",
}
ALARMS = alarms.of_template(templates.app(), NAMES)
