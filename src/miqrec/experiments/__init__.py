"""Published experiments as recipes."""
