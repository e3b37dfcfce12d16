"""The backward debugger: the engine's run as events, the local rules as text, and a walk through them."""
