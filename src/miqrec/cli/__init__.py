"""The command line; `miqrec --help` lists its commands."""

from miqrec.system.process import prepare

prepare()

from miqrec.cli.app import main  # noqa: E402  (it loads PyTorch)

__all__ = ["main"]
