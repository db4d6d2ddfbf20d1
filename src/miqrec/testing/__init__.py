"""The tests that every model passes, ours and those of other packages.

A package joins by a line in a test file of its own, once its model is registered:

    from gated_attention import GatedSASRecConfig
    from miqrec.testing import model_suite

    test_gated_sasrec = model_suite(GatedSASRecConfig(dim=32, max_length=30))

It needs `pip install 'miqrec[testing]'`.
"""

from miqrec.system.optional import optional

optional("pytest", "testing").register_assert_rewrite("miqrec.testing.checks")
optional("hypothesis", "testing")

from miqrec.testing.suite import model_suite  # noqa: E402  (its assertions are rewritten by then)

__all__ = ["model_suite"]
