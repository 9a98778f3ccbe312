"""What is known about a customer beside the ticket: the helpdesk's fields, what the product pushed, and look-ups elsewhere."""
