"""Messages before the customer writes: a signal of the product becomes a draft, and a person sends it or not."""
