"""Messages from device to device, outside any room, delivered once and then forgotten."""
