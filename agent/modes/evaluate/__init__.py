"""Questions whose files are known -> how well the index finds them."""
