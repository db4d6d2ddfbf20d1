"""Speed and memory of miqrec, beside its peers and the machine's own limits."""
