"""Language models: clients, limits and recorded replies. Only this room knows HTTP and keys."""
