"""Our own codecs as programs that keep the contracts of the kit."""
