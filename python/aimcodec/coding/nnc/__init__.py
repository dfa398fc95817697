"""Tensors to NNC streams and back."""
