"""One call as a page tells it: read, told in words, drawn, listed step by step, and as it is kept."""
