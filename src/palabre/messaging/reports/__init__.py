"""What people report to the operator."""
