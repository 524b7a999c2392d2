"""Saved sources and destinations: checked before they are kept, put into specs by name, tried out step by step."""
