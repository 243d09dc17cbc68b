"""Vocatech: calls told leg by leg over signed webhooks, and whole, with their journey, over REST."""
