"""What a run found: the records, and how they are shown."""
