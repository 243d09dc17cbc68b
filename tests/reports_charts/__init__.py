"""The charts of reports: heat map, trend, waits, time by profile, and notes on days."""
