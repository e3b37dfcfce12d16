"""What is in the picture: items and links of the graph, their time steps and names, and the boxes that stand for them."""
