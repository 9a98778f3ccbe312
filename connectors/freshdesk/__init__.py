"""Freshdesk as a Helpdesk: client, wire, webhook, knowledge, auth."""
