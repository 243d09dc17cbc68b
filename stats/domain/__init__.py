"""What the numbers mean: pure rules over records, standard library only, `now` always an argument."""
