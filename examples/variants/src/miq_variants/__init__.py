"""Variants of MIQ-SASRec: a residual from the pooled window, a window without dummies, a second query."""
