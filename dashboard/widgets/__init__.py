"""What several pages draw: downloads, galleries, pages of images, choosers of models and faces, heat maps, links."""
