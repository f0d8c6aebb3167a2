"""Requests as API Gateway's REST API hands them to a Lambda, with a browser's headers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

_HEADERS: Final = {
    "Accept": "application/json, text/plain, */*",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en-GB,en;q=0.9",
    "CloudFront-Forwarded-Proto": "https",
    "CloudFront-Is-Desktop-Viewer": "true",
    "CloudFront-Viewer-Country": "DE",
    "Content-Type": "application/json",
    "Host": "1234567890.execute-api.eu-central-1.amazonaws.com",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Via": "2.0 08f323deadbeefa7af34d5feb414ce27.cloudfront.net (CloudFront)",
    "X-Amz-Cf-Id": "cDehVQoZnx43VYQb9j2-nvCh-9z396Uhbp027Y2JvkCPNLmGJHqlaA==",
    "X-Amzn-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
    "X-Forwarded-For": "127.0.0.1, 127.0.0.2",
    "X-Forwarded-Port": "443",
    "X-Forwarded-Proto": "https",
}
_RESOURCES: Final = {True: "/products/{product_id}", False: "/products"}


def event(
    method: str,
    product_id: str | None = None,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return a request for one product, or for all of them."""
    path = "/products" if product_id is None else f"/products/{product_id}"
    sent = {**_HEADERS, **(headers or {})}
    request = {
        "resource": _RESOURCES[product_id is not None],
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None if product_id is None else {"product_id": product_id},
        "stageVariables": None,
        "requestContext": _context(method, path, product_id),
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
    return json.dumps(request).encode()


def _context(method: str, path: str, product_id: str | None) -> dict[str, Any]:
    return {
        "accountId": "000000000000",
        "apiId": "1234567890",
        "domainName": _HEADERS["Host"],
        "httpMethod": method,
        "identity": {"sourceIp": "127.0.0.1", "userAgent": _HEADERS["User-Agent"]},
        "path": f"/api{path}",
        "protocol": "HTTP/1.1",
        "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "requestTime": "22/Nov/2026:19:30:00 +0000",
        "requestTimeEpoch": 1795375800000,
        "resourceId": "123456",
        "resourcePath": _RESOURCES[product_id is not None],
        "stage": "api",
    }
