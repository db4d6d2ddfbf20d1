"""Tuning: searches for good settings, by validation alone."""
