"""Tensors to coded payloads and back."""
