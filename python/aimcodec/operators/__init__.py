"""Operators: a versioned catalogue, kernels on several backends, registration, comparison."""
