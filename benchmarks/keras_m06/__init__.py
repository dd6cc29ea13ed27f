"""Whether model 6 is trained as Keras 2 trains it: tf-keras, autograd and our trainer compared."""
