"""Lists for many users: users a second, the best of a million items, the index, and memory."""
