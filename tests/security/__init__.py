"""Who gets in where, and what never gets out."""
