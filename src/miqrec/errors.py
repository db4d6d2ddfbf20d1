"""The two ways in which miqrec speaks up: an error that stops, a warning that does not."""


class MiqrecError(ValueError):
    """Bad input: one sentence that names what is wrong and what to do (exit code 2 on the command line)."""


class MiqrecWarning(UserWarning):
    """Something was left out or replaced, and the work went on."""
