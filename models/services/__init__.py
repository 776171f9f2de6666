"""What may be done with models."""
