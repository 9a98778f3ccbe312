"""From articles to passages in the index."""
