"""Studies: a table's systems and seeds, planned and run side by side."""
