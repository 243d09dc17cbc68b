"""What holds for every possible day: the live numbers are those of the slow computation, whatever happened on the way."""
