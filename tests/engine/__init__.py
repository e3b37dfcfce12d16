"""The engine: graphs, backward, modes, in-place changes, own rules, checks."""
