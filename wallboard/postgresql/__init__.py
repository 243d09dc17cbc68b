"""Django's PostgreSQL engine with a limit to its patience."""
