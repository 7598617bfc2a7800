"""What actors need of the outside, as protocols and values, by neighbour."""
