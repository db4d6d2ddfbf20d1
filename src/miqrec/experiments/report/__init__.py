"""Reports: tables, tests of significance and figures of a folder of runs."""
