"""Real people around a real service: what tests of the service are told with."""
