"""What updates and vectors for new items are worth, beside a model that starts over and beside popularity."""
