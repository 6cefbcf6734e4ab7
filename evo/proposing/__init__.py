"""How a generation's candidates come about: operators are drawn, language models are asked."""
