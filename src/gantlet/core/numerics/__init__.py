"""Numerics on NumPy arrays and tensors: finiteness, tiled distances, covariance roots."""
