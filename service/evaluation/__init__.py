"""How well the right article is found, on anybody's labelled questions."""
