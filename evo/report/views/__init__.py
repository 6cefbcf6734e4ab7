"""Tables and live views for the terminal, made of facts."""
