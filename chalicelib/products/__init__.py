"""The resource `products`: all that knows what a product is. Copy it to add another resource."""
