"""What the pages of jobs and compute show, made from rows and files."""
