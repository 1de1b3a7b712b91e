"""The shelters of a country seen together, by those who keep their places."""
