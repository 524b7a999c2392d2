"""The generator on disk: a zip of JSON, safetensors and Parquet with a SHA-256 manifest; loading it runs no code."""
