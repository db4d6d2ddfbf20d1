"""How well cheap stand-ins for leaving items out order the items of a history."""
