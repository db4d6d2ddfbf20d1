"""System: what the rest needs of the machine: files, tables, progress, locks, processors."""
