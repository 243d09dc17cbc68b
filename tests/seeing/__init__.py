"""Whether the product sees its own faults, and says them in words, figures and lines."""
