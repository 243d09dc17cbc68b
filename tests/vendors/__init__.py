"""What the tests of every vendor share."""
