"""What reaches browsers, and what they make of it, under the faults of a long day."""
