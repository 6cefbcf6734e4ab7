"""A campaign's history: its writer, its readers, replies, confirmations and exports."""
