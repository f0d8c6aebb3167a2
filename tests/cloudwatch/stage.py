"""The alarms of our template, as the stack of a stage `dev` has them."""

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
