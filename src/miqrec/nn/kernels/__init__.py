"""Fast paths of the layers; the tests pin each of them to a slow and readable reference."""
