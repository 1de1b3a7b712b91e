"""The demo: made-up people with made-up histories, written through the services that a person uses."""
