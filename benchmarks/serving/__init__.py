"""The service under load: an open loop of requests at fixed times, and the peak."""
