"""
The settings: the variables of the environment, and the rule of each.

The only module that reads the environment (but for credentials, which boto3 finds).
Written without Pydantic, whose import would add 170 ms to a cold cache hit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chalicelib.resources import RESOURCES
from chalicelib.settings.environment import Reader, Rule

LOCAL: Final = "local"
"""The stage on a developer's machine."""
_API_HANDLER: Final = "app.app"
"""What Lambda's `_HANDLER` is for the API, by Chalice: the stream's function only deletes keys."""
_ONE_CPU_MB: Final = 1769
"""Source: "Configure Lambda function memory", AWS Lambda guide."""


class SettingsError(Exception):
    """A variable is missing or invalid. Its text has the name and the rule, never the content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Read once, at the start. Times are in seconds. `.env.example` explains each one."""

    tables: Mapping[str, str]
    """By the name of the resource, as `stream_arns`."""
    stream_arns: Mapping[str, str]
    cursor_secret: str
    aws_region: str
    aws_endpoint_url: str | None
    dynamodb_retry_seconds: float
    cache_enabled: bool
    cache_write_policy: str
    cache_ttl_seconds: int
    cache_negative_ttl_seconds: int
    redis_host: str
    redis_port: int
    redis_db: int
    redis_cluster: bool
    redis_tls: bool
    redis_ca_file: str | None
    redis_username: str | None
    redis_password: str | None
    redis_iam_cache: str | None
    redis_timeout_seconds: float
    api_host: str
    api_port: int
    api_allowed_hosts: tuple[str, ...]
    cors_allow_origin: str | None
    write_access: str
    read_access: str
    cognito_pool_arn: str | None
    docs: bool
    debug: bool
    log_level: str
    log_format: str
    log_hits: float
    metrics: bool
    stage: str
    imports_early: bool

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Raise `SettingsError` that lists every invalid variable."""
        read = Reader(env)
        on_lambda = "AWS_LAMBDA_FUNCTION_NAME" in env
        cache_enabled = read.boolean("CACHE_ENABLED", default=True)
        write_access = read.choice("WRITE_ACCESS", ("iam", "cognito", "key", "open"))
        read_access = read.choice("READ_ACCESS", ("open", "iam", "cognito", "key"))
        uses_tokens = "cognito" in (write_access, read_access)
        redis_tls = read.boolean("REDIS_TLS", default=False)
        redis_cluster = read.boolean("REDIS_CLUSTER", default=False)
        redis_iam_cache = read.text("REDIS_IAM_CACHE", _ELASTICACHE, "") or None
        if redis_iam_cache and not redis_tls:
            read.add_error("REDIS_TLS must be true with REDIS_IAM_CACHE: a token is a secret")
        settings = cls(
            tables={each.name: read.text(each.table_variable, _TABLE) for each in RESOURCES},
            stream_arns={
                each.name: read.text(each.stream_variable, _STREAM, "") for each in RESOURCES
            },
            cursor_secret=read.text("CURSOR_SECRET", _SECRET, None if on_lambda else "x" * 16),
            aws_region=read.text(_region_variable(env), _REGION),
            aws_endpoint_url=read.text("AWS_ENDPOINT_URL", _URL, "") or None,
            dynamodb_retry_seconds=read.number("DYNAMODB_RETRY_SECONDS", 0.0, 3.0, 2.0),
            cache_enabled=cache_enabled,
            cache_write_policy=read.choice("CACHE_WRITE_POLICY", ("available", "strict")),
            cache_ttl_seconds=read.integer("CACHE_TTL_SECONDS", 1, 30 * 24 * 3600, 3600),
            cache_negative_ttl_seconds=read.integer("CACHE_NEGATIVE_TTL_SECONDS", 1, 3600, 15),
            redis_host=read.text("REDIS_HOST", _host("REDIS_PORT"), None if cache_enabled else ""),
            redis_port=read.integer("REDIS_PORT", 1, 65535, 6379),
            redis_db=read.integer("REDIS_DB", 0, 0 if redis_cluster else 15, 0),
            redis_cluster=redis_cluster,
            redis_tls=redis_tls,
            redis_ca_file=read.certificates("REDIS_CA_FILE"),
            redis_username=read.text("REDIS_USERNAME", _ANY, None if redis_iam_cache else "")
            or None,
            redis_password=read.text("REDIS_PASSWORD", _ANY, "") or None,
            redis_iam_cache=redis_iam_cache,
            redis_timeout_seconds=read.number("REDIS_TIMEOUT_SECONDS", 0.01, 1.0, 0.08),
            api_host=read.text("API_HOST", _host("API_PORT"), "127.0.0.1"),
            api_port=read.integer("API_PORT", 1, 65535, 8080),
            api_allowed_hosts=_listed(read.text("API_ALLOWED_HOSTS", _HOSTS, "")),
            cors_allow_origin=read.text("CORS_ALLOW_ORIGIN", _ORIGIN, "") or None,
            write_access=write_access,
            read_access=read_access,
            cognito_pool_arn=read.text("COGNITO_POOL_ARN", _POOL, None if uses_tokens else "")
            or None,
            docs=read.choice("DOCS", ("on", "off")) == "on",
            debug=read.boolean("DEBUG", default=False),
            log_level=read.choice("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR")),
            log_format=read.choice("LOG_FORMAT", ("json", "text")),
            log_hits=read.number("LOG_HITS", 0.01, 1.0, 1.0),
            metrics=read.boolean("METRICS", default=True),
            stage=read.text("STAGE", _STAGE, None if on_lambda else LOCAL),
            imports_early=_imports_early(env),
        )
        if read.errors:
            raise SettingsError("\n".join(["Invalid settings:", *read.errors]))
        return settings


def _imports_early(env: Mapping[str, str]) -> bool:
    """
    Return whether the API's function imports in its init phase what a miss and a write need.

    A function that has less than a CPU has a whole one in that phase, and one that is started in
    advance has no request that waits. With a whole CPU a first hit is answered sooner without.
    """
    if env.get("_HANDLER") != _API_HANDLER:
        return False
    in_advance = env.get("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand") != "on-demand"
    return in_advance or int(env.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", _ONE_CPU_MB)) < _ONE_CPU_MB


def _region_variable(env: Mapping[str, str]) -> str:
    """Return the variable that has the region: Lambda sets both, a shell often only the longer."""
    only_default = env.get("AWS_DEFAULT_REGION") and not env.get("AWS_REGION")
    return "AWS_DEFAULT_REGION" if only_default else "AWS_REGION"


def _listed(value: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in value.split(",") if value)


def _host(port: str) -> Rule:
    """Allow a name or an address. One colon would start a port, two are an IPv6 address."""
    return Rule(
        r"[A-Za-z0-9_.-]{1,255}|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f.:]*",
        f"a host name or address; its port is set by {port}",
    )


_TABLE: Final = Rule(r"[A-Za-z0-9_.-]{3,255}", "a DynamoDB table name")
_STREAM: Final = Rule(
    r"arn:aws[a-z-]*:dynamodb:[^:]+:[0-9]{12}:table/[^/]+/stream/.+", "a stream ARN"
)
_SECRET: Final = Rule(r".{16,}", "text of 16 characters or more")
_REGION: Final = Rule(r"[a-z]{2}(-[a-z]+)+-[0-9]+", "an AWS region such as eu-central-1")
_URL: Final = Rule(r"https?://[^\s@]+", "a URL such as http://127.0.0.1:4566")
_ELASTICACHE: Final = Rule(
    r"arn:aws[a-z-]*:elasticache:[^:]+:[0-9]{12}:(serverlesscache|replicationgroup):[^:]+",
    "the ARN of a serverless cache or a replication group of ElastiCache",
)
_NAME: Final = r"\s*([A-Za-z0-9_.-]{1,255}|\[[0-9A-Fa-f:.]+\])\s*"
_HOSTS: Final = Rule(
    rf"\*|{_NAME}(,{_NAME})*", "* or host names without ports, with commas between"
)
_ORIGIN: Final = Rule(
    # Browsers leave the scheme's own port out, and compare the whole text.
    r"\*|(?!http:.*:80$|https:.*:443$)https?://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?",
    "* or one origin as browsers send it: scheme://host[:port], in lower case and without a path, "
    "such as https://shop.example",
)
_STAGE: Final = Rule(r"[A-Za-z0-9-]{1,32}", "a name of letters, digits and hyphens")
_POOL: Final = Rule(
    r"arn:aws[a-z-]*:cognito-idp:[^:]+:[0-9]{12}:userpool/[^/]+", "the ARN of a Cognito user pool"
)
_ANY: Final = Rule(r"(?s:.*)", "text")
