"""The boards, drawn from values made up here."""
