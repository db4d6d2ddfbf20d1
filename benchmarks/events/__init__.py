"""What kinds of event are worth."""
