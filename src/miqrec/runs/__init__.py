"""Runs: from a config to a folder with a fitted model, its scores and what it ran on."""
