"""One use case a file: what a user can ask for, put together from the parts below."""
