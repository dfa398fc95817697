"""Checks of what an encoder writes: each takes a stream and the model that it was made from."""
