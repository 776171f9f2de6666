"""Mining without a container: what may be scored, what of the scored is kept, and which images are nearly the same."""
