"""Checks that training with the full softmax stays within its bounds of memory."""
