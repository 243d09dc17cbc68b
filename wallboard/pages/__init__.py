"""Thin views for people at desks."""
