"""The way of the numbers from the live store to every open browser."""
