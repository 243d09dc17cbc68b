"""People looking: the Django project that shows the numbers of `stats` on televisions, desks and over the API."""
