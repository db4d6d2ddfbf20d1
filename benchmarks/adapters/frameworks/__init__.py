"""One script a framework, run in the framework's own environment: it trains, scores and prints the scores."""
