"""The local stack: Valkey, an emulated AWS, the table, its stream and the API."""
