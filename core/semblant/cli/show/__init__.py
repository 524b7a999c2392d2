"""How objects of the engine look on a terminal and in JSON documents."""
