"""Pages of jobs, executor images and compute."""
