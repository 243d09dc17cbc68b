"""Then: the only room of the road that touches the database."""
