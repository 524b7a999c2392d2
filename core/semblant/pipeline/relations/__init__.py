"""Tables that refer to each other: rows by number, what they are conditioned on, references of made rows."""
