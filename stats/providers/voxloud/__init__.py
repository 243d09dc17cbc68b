"""Voxloud: calls are posted to us event by event, and once more as a whole when they are over; everything else is asked of its REST API."""
