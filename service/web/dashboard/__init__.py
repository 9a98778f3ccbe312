"""The dashboards: what agents make of drafts, what customers ask, and how it runs. People are never ranked; no agent is named."""
