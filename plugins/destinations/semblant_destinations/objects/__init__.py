"""Destinations in object storage: S3, Google Cloud Storage, Azure, and whatever else fsspec opens."""
