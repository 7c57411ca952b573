"""What people say about themselves: display name, avatar, and further profile fields."""
