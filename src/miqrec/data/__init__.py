"""Data: from logs to sequences, splits and batches."""
