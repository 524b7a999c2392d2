"""The way of the data: organize, analyze, transform, train, generate, deliver, report."""
