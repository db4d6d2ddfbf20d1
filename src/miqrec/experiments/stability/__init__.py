"""Studies of stability: many runs, used in several ways, measured under noise, and what that amounts to."""
