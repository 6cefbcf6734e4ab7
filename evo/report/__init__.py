"""What people read of a campaign. It reads history and snapshots, and never touches a run."""
