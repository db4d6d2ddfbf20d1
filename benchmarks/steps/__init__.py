"""Looks into single training steps: where their time goes, and what batches and chunks cost."""
