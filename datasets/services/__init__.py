"""What may be done with datasets."""
