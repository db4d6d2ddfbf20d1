"""Evaluation: the rank of every held-out item, metrics of ranks, and lists to recommend."""
