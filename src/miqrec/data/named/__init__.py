"""Data sets with names: where they come from, and what must come out."""
