"""Reports: read from stored sums and what is laid over them, and told to programs."""
