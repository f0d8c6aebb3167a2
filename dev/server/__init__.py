"""The API over HTTP, on this machine: gunicorn, and what API Gateway does when deployed."""
