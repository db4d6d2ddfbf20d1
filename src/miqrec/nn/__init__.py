"""Layers: attention, blocks and embeddings, for right-padded sequences (B, L, D)."""
