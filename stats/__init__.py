"""Numbers: what telephone companies say, what it means, and what is remembered of it."""
