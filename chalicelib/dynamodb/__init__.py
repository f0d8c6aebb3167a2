"""Requests to DynamoDB: the client, retries, errors, cursors. Knows no resource."""
