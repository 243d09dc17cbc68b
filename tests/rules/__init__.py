"""Takes one safety rule after the other out of a copy of the product, and looks which test notices."""
