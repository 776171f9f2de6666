"""What the pages of the loop show, made from selectors."""
