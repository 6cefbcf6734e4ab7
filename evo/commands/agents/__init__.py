"""evo for coding agents: what an MCP server offers of campaigns."""
