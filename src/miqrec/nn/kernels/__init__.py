"""Fast paths of the layers; each is pinned to a slow, readable reference in the tests."""
