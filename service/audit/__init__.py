"""What a helpdesk's history says before anything is switched on: which tickets there are, and where a co-pilot helps."""
