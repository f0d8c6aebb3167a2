"""Items in DynamoDB: a table's reads and conditional writes, retries, errors, cursors."""
