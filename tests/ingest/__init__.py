"""One source under the faults of its vendor, of its own worker and of another one."""
