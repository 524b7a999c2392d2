"""Private rows below those of another table: how many each has, and what they are, given the row above."""
