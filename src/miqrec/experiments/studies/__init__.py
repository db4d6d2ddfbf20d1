"""Studies: the systems and seeds of a table or a figure, planned from a recipe and run side by side."""
