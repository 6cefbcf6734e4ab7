"""Control of a running campaign over a Unix socket in its folder: the server, and its client."""
