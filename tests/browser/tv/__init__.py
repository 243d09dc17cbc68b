"""The television boards in a real Chromium."""
