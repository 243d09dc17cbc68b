"""What is kept of people, for how long, and how one of them is shown all of it or taken out of it."""
