"""The page of one agent: their state now, their day on one axis, what it adds up to, and every ring."""
