"""The web view of campaigns, `evo view`: read from their folders, never written."""
