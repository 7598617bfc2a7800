"""Reading: the questions of REST, answered beside the writes."""
