"""What any executor needs to speak the YMIR container contract; knows nothing of networks."""
