"""Experiments: published tables as recipes, searches for settings, and reports."""
