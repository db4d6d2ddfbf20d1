"""`python -m miqrec` is `miqrec`."""

from miqrec.cli import main

main()
