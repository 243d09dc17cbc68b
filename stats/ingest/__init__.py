"""The road between what the telephone companies say and what is remembered; runs in the worker."""
