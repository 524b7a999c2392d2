"""Tables learned from noisy marginals: a graphical model on a chordal graph."""
