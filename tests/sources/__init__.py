"""The pages of sources: any company chosen, tried, kept, let post to us, paused, changed and taken away."""
