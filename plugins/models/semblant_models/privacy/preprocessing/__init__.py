"""Private preprocessing: from an Arrow table to codes, and back to rows, by noisy counts and public facts alone."""
