"""Tuning: a search for good settings, by validation alone."""
