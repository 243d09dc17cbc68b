"""Reports: what was, for people and programs; everything of it can be opened down to its calls."""
