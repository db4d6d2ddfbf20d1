"""Data whose truth is known: the `demo` and pure noise, made offline from a seed."""
