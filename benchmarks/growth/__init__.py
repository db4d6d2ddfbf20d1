"""Measures how time and memory grow with interactions, items, length and window."""
