"""What was given: services and assistance, each delivery to each person."""
