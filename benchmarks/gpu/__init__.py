"""Checks on a GPU that results are right, then times training and evaluation there."""
