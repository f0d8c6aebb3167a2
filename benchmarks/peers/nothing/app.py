"""A Lambda that does nothing: what the runtime client and its stand-in take by themselves."""


def handler(_event, _context):
    """Answer a constant."""
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "{}"}
