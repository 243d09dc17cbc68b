"""What each telephone company says; one folder each, and none knows another."""
