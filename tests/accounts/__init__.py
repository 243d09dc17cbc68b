"""Signing in, people, tokens and the audit log."""
