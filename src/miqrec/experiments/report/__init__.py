"""Reports: the tables, tests of significance and figures that a folder of runs amounts to."""
