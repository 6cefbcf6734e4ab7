"""Networks that tasks train with a component: one file per network.

`base` defines a network, `parts` the replaceable parts of a training (where a kind's component
meets a network), `learnables` the learned numbers of components; `layers` and `images` are shared.
"""
