"""Files of other formats: their tensors one by one, never a whole model in memory."""
