"""What the simulated helpdesks share: web page, request log, rate limits, clock."""
