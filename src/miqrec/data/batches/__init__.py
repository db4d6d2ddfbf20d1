"""Batches by array slicing: histories cut from the flat store and padded on the right."""
