"""Weights: what a training left behind, kept write-once, and carried in and out as the contract's model package."""
