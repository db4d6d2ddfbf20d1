"""The service: recommendations over HTTP, the histories of known users, and a page to look at them."""
