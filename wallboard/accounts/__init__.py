"""Who may look: people, API tokens and screens."""
