"""People's list of devices (Client-Server API, "Device management"). What a device is stands in `sessions`."""
