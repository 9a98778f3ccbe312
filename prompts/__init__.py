"""The words given to the model: templates with a version each, and the one function that renders them."""
