"""Telavox Studio: five live WebSockets and one GraphQL endpoint."""
