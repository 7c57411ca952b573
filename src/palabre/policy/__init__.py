"""New terms reach everyone, by a date, with proof: documents, roll-outs, standing, decisions, and the gate."""
