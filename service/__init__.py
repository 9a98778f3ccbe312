"""The co-pilot: from webhook to internal note. Files import only downwards; ARCHITECTURE of the floors is tested."""

__version__ = "0.1.0"
