"""Faults on purpose: processes that are killed, files that are damaged, disks that are full.

`make test-faults` tries all of it, and `python -m faults --help` says how a single case is tried again.
Every case begins in the same room, a folder with a tiny world in it, does one thing to it, and ends in
a verdict on what a user would have lost.
"""
