"""The alarms of our template, as the stack of a stage `dev` has them."""

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
