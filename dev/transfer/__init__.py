"""Import and export: products between the catalog and a file, a JSON line each."""
