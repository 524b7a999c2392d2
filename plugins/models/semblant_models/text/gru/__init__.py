"""The text backend ``gru``: a small recurrent network over words and pieces of words.

Words that too few subjects hold never reach the network: it learns that there is one, of what kind and how
long, and a protected speller makes another one up.
"""
