"""A client of an API that runs in another process. Has the interface of `api.py`."""

import http.client
from urllib.parse import urlsplit

import redis

from tests.doubles.api import ApiClient, ApiResponse, Body, as_bytes
from tests.running_stack import StackFiles


class _Response:
    """A response in the form of Chalice's test client."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status_code = response.status
        self.headers = dict(response.headers.items())
        self.body = response.read()


class RemoteApiClient(ApiClient):
    """Sends each request over a new connection."""

    def __init__(self, url: str) -> None:
        self._where = urlsplit(url).netloc

    def send(self, method: str, path: str, body: Body = None, **headers: str) -> ApiResponse:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            given = {"Content-Type": "application/json", **given}
        connection = http.client.HTTPConnection(self._where, timeout=20)
        try:
            connection.request(method, path, as_bytes(body) or None, given)
            return ApiResponse(_Response(connection.getresponse()))
        finally:
            connection.close()


def empty(place: StackFiles) -> None:
    """Delete all products from the table and from Redis."""
    dynamodb, table = place.dynamodb, place.facts["tables"]["products"]
    for item in dynamodb.scan(TableName=table, ProjectionExpression="id")["Items"]:
        dynamodb.delete_item(TableName=table, Key=item)
    redis.Redis(port=place.facts["redis"]["port"]).flushall()
