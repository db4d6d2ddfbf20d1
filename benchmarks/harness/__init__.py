"""Runs measurements in processes of their own and keeps them, so that a stopped benchmark goes on."""
