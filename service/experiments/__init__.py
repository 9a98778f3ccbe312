"""Comparing another model, or another tone, with the standing one, on a share of tickets."""
