"""Two simulated helpdesks, a dozen tickets, and the notes that deskpilot writes into them."""
