"""Trains each framework's own SASRec, the same with MIQ-Attn, and with a late mixture, by its own code."""
