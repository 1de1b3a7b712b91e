"""Users, teams (each at a site), roles, sign-in and the second factor."""
