"""Training on Lightning's Trainer: seeded step by step, stopped early, resumed exactly."""
