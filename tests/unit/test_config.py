"""Each setting's rule, and the message of an invalid setting."""

import dataclasses
from typing import Any

import pytest

from chalicelib.settings import Settings, SettingsError
from tests.examples import ENVIRONMENT, settings

SECRET = "s3cret content!"
ORIGINS = (
    "*",
    "https://shop.example",
    "http://localhost:3000",
    "https://10.0.0.1:8443",
    "http://[::1]:5173",
    "http://shop.example:443",
)
NOT_ORIGINS = [
    "https://*.shop.example",
    "https://shop.example/",
    "https://shop.example/shop",
    "https://shop.example,https://other.example",
    "https://shop.example https://other.example",
    "https://Shop.example",
    "https://shop.example:443",
    "http://shop.example:80",
    "https://me@shop.example",
    "https://",
    "shop.example",
    "null",
    "https://shop.example\n",
]


def _errors(**variables: str) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(**variables)
    return str(caught.value)


def test_three_variables_are_enough() -> None:
    """Only table, region and Redis host have no default."""
    assert "products" == settings().tables["products"]


def test_a_table_s_name_may_have_dots_and_dashes() -> None:
    """As DynamoDB allows."""
    assert {"products": "a.b-c_1"} == settings(PRODUCTS_TABLE="a.b-c_1").tables


@pytest.mark.parametrize("name", list(ENVIRONMENT))
@pytest.mark.parametrize("content", [None, ""])
def test_a_missing_variable_is_named(name: str, content: str | None) -> None:
    """Missing or empty, the message names the variable."""
    without = {key: value for key, value in ENVIRONMENT.items() if key != name}
    empty = {} if content is None else {name: content}

    with pytest.raises(SettingsError, match=f"{name} is missing; it must be"):
        Settings.from_env(without | empty)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("aws_region", "eu-central-1"), ("aws_endpoint_url", None),
        ("cache_enabled", True), ("cache_write_policy", "available"),
        ("cache_ttl_seconds", 3600), ("cache_negative_ttl_seconds", 15),
        ("redis_host", "redis.example"), ("redis_port", 6379), ("redis_db", 0),
        ("redis_cluster", False), ("redis_ca_file", None), ("redis_iam_cache", None),
        ("redis_tls", False), ("redis_username", None), ("redis_password", None),
        ("write_access", "iam"), ("read_access", "open"), ("cognito_pool_arn", None),
        ("api_port", 8080), ("debug", False), ("log_level", "INFO"), ("log_format", "json"),
        ("log_hits", 1.0), ("metrics", True), ("stage", "local"),
    ],
)  # fmt: skip
def test_each_setting_has_its_default(field: str, value: Any) -> None:
    """The documented one."""
    assert value == getattr(settings(), field)


@pytest.mark.parametrize(
    ("name", "content", "value"),
    [
        ("CACHE_ENABLED", "false", False), ("CACHE_ENABLED", "NO", False),
        ("CACHE_ENABLED", "0", False), ("CACHE_ENABLED", "True", True),
        ("CACHE_ENABLED", "yes", True), ("CACHE_ENABLED", "", True),
        ("CACHE_WRITE_POLICY", "Strict", "strict"), ("CACHE_TTL_SECONDS", "1", 1),
        ("CACHE_TTL_SECONDS", "2592000", 2592000), ("CACHE_NEGATIVE_TTL_SECONDS", "3600", 3600),
        ("REDIS_PORT", "65535", 65535), ("REDIS_DB", "15", 15), ("REDIS_TLS", "1", True),
        ("REDIS_USERNAME", "me", "me"), ("REDIS_PASSWORD", " p w\n", " p w\n"),
        ("REDIS_TIMEOUT_SECONDS", ".5", 0.5), ("REDIS_HOST", "::1", "::1"),
        ("REDIS_HOST", "fd00::ffff:10.0.0.1", "fd00::ffff:10.0.0.1"),
        ("REDIS_HOST", "::ffff:10.0.0.1", "::ffff:10.0.0.1"), ("API_HOST", "::", "::"),
        *(("CORS_ALLOW_ORIGIN", origin, origin) for origin in ORIGINS),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566", "http://127.0.0.1:4566"),
        ("AWS_REGION", "us-gov-west-1", "us-gov-west-1"), ("API_HOST", "0.0.0.0", "0.0.0.0"),
        ("API_ALLOWED_HOSTS", "*", ("*",)),
        ("API_ALLOWED_HOSTS", "a.b,[::2] , c", ("a.b", "[::2]", "c")),
        ("API_PORT", "9090", 9090), ("DEBUG", "true", True), ("LOG_LEVEL", "debug", "DEBUG"),
        ("WRITE_ACCESS", "Open", "open"), ("READ_ACCESS", "key", "key"),
        ("LOG_FORMAT", "TEXT", "text"),
    ],
)  # fmt: skip
def test_a_valid_variable_is_read(name: str, content: str | None, value: Any) -> None:
    """It is converted to the setting's type."""
    parsed = getattr(settings(**{name: content}), name.lower())

    assert (type(value), value) == (type(parsed), parsed)


@pytest.mark.parametrize(
    ("name", "rule", "contents"),
    [
        ("PRODUCTS_TABLE", "table name", ["ab", "a b c", "a" * 256, "products\n", "prødukte"]),
        ("AWS_REGION", "region", ["europe", "eu-central-1\n", "EU-CENTRAL-1"]),
        ("AWS_ENDPOINT_URL", "URL", ["localhost:4566", "ftp://x", "http://", f"http://{SECRET}@h"]),
        ("CACHE_ENABLED", "true or false", ["on", "2", " true", "tru"]),
        ("CACHE_WRITE_POLICY", "available, strict", ["lenient", "strict "]),
        ("CACHE_TTL_SECONDS", "from 1 to 2592000", ["0", "2592001", "-1", "1.5", "1e3", "１"]),
        ("CACHE_TTL_SECONDS", "from 1 to 2592000", ["9" * 5000]),
        ("CACHE_NEGATIVE_TTL_SECONDS", "from 1 to 3600", ["0", "3601", "x"]),
        ("REDIS_HOST", "host name", ["redis://h", "a b", "h\n", "h" * 256]),
        ("REDIS_HOST", "its port is set by REDIS_PORT", ["h:6379", "10.0.0.1:6379", "h:", ":6379"]),
        ("REDIS_PORT", "from 1 to 65535", ["0", "65536", "6379 "]),
        ("REDIS_DB", "from 0 to 15", ["16", "-1"]),
        ("REDIS_TLS", "true or false", ["tls"]),
        ("REDIS_CLUSTER", "true or false", ["3"]),
        ("REDIS_CA_FILE", "file of certificates", ["/no/such/file", "/", __file__]),
        ("REDIS_TIMEOUT_SECONDS", "from 0.01 to 1.0", ["0", "1.01", "nan", "inf", "1e-1", "-0.1"]),
        ("API_HOST", "its port is set by API_PORT", ["http://x", "127.0.0.1:8080", "[::1]"]),
        ("API_ALLOWED_HOSTS", "host names", ["http://x", "x:80", "a b", "a,", "*,a", "::1"]),
        ("CORS_ALLOW_ORIGIN", "one origin as browsers send it", NOT_ORIGINS),
        ("API_PORT", "from 1 to 65535", ["http", "80_80"]),
        ("DEBUG", "true or false", ["debug"]),
        ("LOG_LEVEL", "INFO, DEBUG, WARNING, ERROR", ["TRACE", "20"]),
        ("LOG_FORMAT", "json, text", ["xml"]),
        ("WRITE_ACCESS", "iam, cognito, key, open", ["none", "public"]),
        ("READ_ACCESS", "open, iam, cognito, key", ["all"]),
        ("COGNITO_POOL_ARN", "user pool", ["eu-central-1_abc", "arn:aws:s3:::bucket"]),
    ],
)  # fmt: skip
def test_an_invalid_variable_is_named_with_its_rule(
    name: str, rule: str, contents: list[str]
) -> None:
    """For every way to break the rule."""
    for content in contents:
        message = _errors(**{name: content})

        assert f"  {name} must be" in message, content
        assert rule in message
        assert 2 == len(message.splitlines())


@pytest.mark.parametrize("name", ["WRITE_ACCESS", "READ_ACCESS"])
def test_token_access_requires_a_user_pool(name: str) -> None:
    """Without a pool no caller could authenticate."""
    assert "COGNITO_POOL_ARN is missing" in _errors(**{name: "cognito"})


@pytest.mark.parametrize(
    "name",
    ["PRODUCTS_TABLE", "AWS_REGION", "AWS_ENDPOINT_URL", "CACHE_ENABLED", "CACHE_WRITE_POLICY",
     "CACHE_TTL_SECONDS", "REDIS_HOST", "REDIS_PORT", "REDIS_TIMEOUT_SECONDS", "LOG_LEVEL"],
)  # fmt: skip
def test_the_message_contains_no_values(name: str) -> None:
    """A variable may contain a secret."""
    message = _errors(**{name: SECRET, "REDIS_PASSWORD": SECRET, "OTHER": SECRET})

    assert SECRET not in message
    assert "s3cret" not in message


def test_the_error_has_no_cause_with_values() -> None:
    """A traceback would show it."""
    with pytest.raises(SettingsError) as caught:
        settings(REDIS_PORT=SECRET)

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_all_errors_are_listed() -> None:
    """One start shows every error."""
    message = _errors(REDIS_PORT="x", LOG_LEVEL="loud", AWS_REGION="")

    assert ["AWS_REGION", "REDIS_PORT", "LOG_LEVEL"] == [
        line.split()[0] for line in message.splitlines()[1:]
    ]


def test_aws_default_region_is_the_second_choice() -> None:
    """It applies if AWS_REGION is not set, as in boto3."""
    environment = {**ENVIRONMENT, "AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-1"}

    assert "us-east-1" == Settings.from_env(environment).aws_region
    assert "eu-central-1" == settings(AWS_DEFAULT_REGION="us-east-1").aws_region


CACHE = "arn:aws:elasticache:eu-central-1:123456789012:serverlesscache:products"


def test_iam_needs_a_user_and_tls() -> None:
    """A token belongs to a user, and must be encrypted in transit."""
    message = _errors(REDIS_IAM_CACHE=CACHE)

    assert "REDIS_USERNAME is missing" in message
    assert "REDIS_TLS must be true with REDIS_IAM_CACHE" in message
    complete = settings(REDIS_IAM_CACHE=CACHE, REDIS_USERNAME="me", REDIS_TLS="true")
    assert CACHE == complete.redis_iam_cache


@pytest.mark.parametrize(
    "content",
    ["products", CACHE.replace("elasticache", "rds"), CACHE.replace("serverless", ""), CACHE + ":"],
)
def test_the_iam_cache_must_be_a_cache_arn(content: str) -> None:
    """The token contains its name, region and kind."""
    message = _errors(REDIS_IAM_CACHE=content, REDIS_USERNAME="me", REDIS_TLS="true")

    assert "REDIS_IAM_CACHE must be the ARN of" in message


def test_a_cluster_has_one_database() -> None:
    """A database other than 0 fails in a cluster."""
    assert "REDIS_DB must be a whole number from 0 to 0" in _errors(
        REDIS_CLUSTER="true", REDIS_DB="1"
    )


def test_without_a_cache_no_redis_is_needed() -> None:
    """With CACHE_ENABLED=false REDIS_HOST is optional."""
    assert not settings(CACHE_ENABLED="false", REDIS_HOST="").redis_host


def test_settings_cannot_be_changed() -> None:
    """They are frozen."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings().redis_port = 1


def test_an_invalid_region_names_the_given_variable() -> None:
    """The error names AWS_DEFAULT_REGION if only that is set."""
    without = {name: value for name, value in ENVIRONMENT.items() if name != "AWS_REGION"}

    with pytest.raises(SettingsError, match="AWS_DEFAULT_REGION must be"):
        Settings.from_env({**without, "AWS_DEFAULT_REGION": "nowhere"})


@pytest.mark.parametrize("name", ["STAGE", "CURSOR_SECRET"])
def test_a_lambda_requires_a_stage_and_a_cursor_secret(name: str) -> None:
    """The local defaults would mix its metrics, and allow forged cursors."""
    variables = {"AWS_LAMBDA_FUNCTION_NAME": "api", "STAGE": "prod", "CURSOR_SECRET": "x" * 16}

    assert f"{name} is missing" in _errors(**{**variables, name: ""})


def _imports_early(memory: str, start: str, handler: str) -> bool:
    env = {
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory,
        "AWS_LAMBDA_INITIALIZATION_TYPE": start,
        "_HANDLER": handler,
    }
    return Settings.from_env({**ENVIRONMENT, **env}).imports_early


@pytest.mark.parametrize(
    ("memory", "start"),
    [
        ("512", "on-demand"),
        ("1768", "on-demand"),
        ("1769", "provisioned-concurrency"),
        ("1769", "snap-start"),
    ],
)
def test_the_api_imports_early_with_less_than_a_cpu_or_ahead_of_requests(
    memory: str, start: str
) -> None:
    """In its init phase a small function has a whole CPU, and one started ahead has time."""
    assert _imports_early(memory, start, "app.app")


@pytest.mark.parametrize(("memory", "handler"), [("1769", "app.app"), ("512", "app.invalidate")])
def test_a_whole_cpu_or_the_stream_s_function_imports_nothing_early(
    memory: str, handler: str
) -> None:
    """A first hit is answered sooner, and the stream's function needs neither package."""
    assert not _imports_early(memory, "on-demand", handler)


def test_nothing_is_imported_early_outside_of_lambda() -> None:
    """Tests and Chalice's commands import `app` too."""
    assert not Settings.from_env(ENVIRONMENT).imports_early
