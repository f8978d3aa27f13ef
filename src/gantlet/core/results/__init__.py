"""Results of an evaluation, a comparison, an audit and a lab, with their JSON forms."""
