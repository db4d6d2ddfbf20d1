"""One script a side: each runs in a process of its own and prints its measurement as a line of JSON."""
