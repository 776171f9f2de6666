"""How good predictions are: a report over hotcoco, equal to pycocotools, and a verdict for every box."""
