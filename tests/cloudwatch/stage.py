"""The alarms of the project's template, for a stage `dev`."""

from dev.deploy import templates
from tests.cloudwatch import alarms

QUEUE = "dead-letters"
NAMES = {
    "Stage": "dev",
    "APIHandler": "product-catalog-dev-api",
    "Invalidate": "product-catalog-dev-invalidate",
    "DeadLetterQueueArn": f"arn:aws:sqs:eu-central-1:123456789012:{QUEUE}",
}
ALARMS = alarms.of_template(templates.app(), NAMES)
