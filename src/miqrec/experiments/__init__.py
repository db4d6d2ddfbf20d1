"""Experiments: published tables as recipes, searches for good settings, and reports that test the results."""
