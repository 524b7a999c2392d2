"""Object storage and other places that fsspec opens: how to get in, what a set of tables looks like there."""
