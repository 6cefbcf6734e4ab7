"""Language models: clients, limits and recorded replies. Only here are HTTP and keys handled."""
