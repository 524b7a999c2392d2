"""Jobs: their states, the runner that supervises them, and the child process that does the work."""
