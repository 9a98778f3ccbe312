"""The security bars, as tests and as figures: `python -m tests.security`."""
