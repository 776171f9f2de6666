"""What the pages of models show, made from rows and files."""
