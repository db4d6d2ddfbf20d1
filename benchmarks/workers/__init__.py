"""One script a side; each runs in a process and an environment of its own and prints one JSON line."""
