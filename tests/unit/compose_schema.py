"""What a service of `localstack-compose.yml` may look like."""

SERVICE_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["image"],
    "properties": {
        "image": {"type": "string", "pattern": r"^[a-z0-9./-]+:[A-Za-z0-9._-]+$"},
        "build": {"const": "."},
        "command": {"type": "array", "items": {"type": "string"}},
        "env_file": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path"],
                "additionalProperties": False,
                "properties": {"path": {"type": "string"}, "required": {"type": "boolean"}},
            },
        },
        "environment": {
            "type": "object",
            "propertyNames": {"pattern": "^[A-Z_]+$"},
            "additionalProperties": {"type": ["string", "null"]},
        },
        "ports": {"type": "array", "items": {"type": "string"}},
        "healthcheck": {
            "oneOf": [
                {
                    "type": "object",
                    "required": ["test", "interval", "timeout", "retries"],
                    "additionalProperties": False,
                    "properties": {
                        "test": {
                            "type": "array",
                            "prefixItems": [{"enum": ["CMD", "CMD-SHELL"]}],
                            "items": {"type": "string"},
                            "minItems": 2,
                        },
                        "interval": {"type": "string", "pattern": "^[0-9]+(ms|s|m)$"},
                        "timeout": {"type": "string", "pattern": "^[0-9]+(ms|s|m)$"},
                        "retries": {"type": "integer"},
                    },
                },
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["disable"],
                    "properties": {"disable": {"const": True}},
                },
            ]
        },
        "depends_on": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["condition"],
                "additionalProperties": False,
                "properties": {
                    "condition": {"enum": ["service_healthy", "service_completed_successfully"]}
                },
            },
        },
    },
}
"""The part of the Compose specification that the file uses, in our own words, and no more."""
