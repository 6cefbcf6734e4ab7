"""Watch and steer a running campaign from outside: its socket, notices, experiment trackers."""
