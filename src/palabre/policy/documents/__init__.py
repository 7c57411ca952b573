"""What an operator publishes: policy versions, their processing table, and how they differ."""
