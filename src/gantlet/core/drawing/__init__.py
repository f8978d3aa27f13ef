"""All drawing: figures by matplotlib, grids of images, scatter plots."""
