"""Comparing another model, or another tone or guidance in the prompt, with the standing one, on a share of tickets."""
