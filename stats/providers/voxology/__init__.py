"""Voxology: programmable voice and messages, asked by turns and told by WEBHOOK actions of the customer's own call flows."""
