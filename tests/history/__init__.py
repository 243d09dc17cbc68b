"""The archive: what is kept, how it is found again, and what happens while the database is away."""
