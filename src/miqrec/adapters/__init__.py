"""MIQ-Attn inside other frameworks: a module for each, which imports that framework and no other."""
