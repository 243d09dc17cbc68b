"""The pages of reports: their addresses, tables and controls."""
