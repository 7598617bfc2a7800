"""What stands between an engine and its neighbours, and fails: proxies, pools, gateways."""
