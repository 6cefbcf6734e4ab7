"""Facts, tables and pictures of campaigns, from history alone; never touches a running one."""
