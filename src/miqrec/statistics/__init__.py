"""Statistics: which differences can be told from luck, and how much data that takes."""
