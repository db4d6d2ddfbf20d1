"""The archive: what the runs of studies have left, read from their folders and from packs of many runs."""
