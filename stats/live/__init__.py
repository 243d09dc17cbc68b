"""Now: the only room that touches Redis."""
