"""A library that speaks to helpdesks and does not know that there is a co-pilot."""
