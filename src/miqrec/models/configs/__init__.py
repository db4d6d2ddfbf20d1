"""The settings of our models, a file each; they are read without waiting for PyTorch."""
