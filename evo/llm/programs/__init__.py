"""Programs that answer prompts, such as coding agents: run within limits, and ended wholly."""
