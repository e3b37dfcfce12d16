"""What users call: PyTorch's functions, each defined once and used as a Tensor method too.

They check arguments and apply ops from `ops/`, or compose other functions. The first argument is
named `input` as in PyTorch; `Tensor` lists each function among its methods.
"""
