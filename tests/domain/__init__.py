"""What the numbers mean, told as small days."""
