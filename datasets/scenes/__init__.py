"""Sample data drawn by the project itself: photo-like scenes of small parts on a workbench, with their boxes."""
