"""What the project is measured against, each as its framework's documentation would have it."""
