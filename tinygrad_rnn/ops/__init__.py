"""The derivative table: one class per op, forward and backward side by side; under it what users call.

What all use    function.py (the rule's base class), basic.py (the few ops of the engine itself), checks.py (arguments),
                words.py (NumPy's words for arguments), widening.py (float16), wrong_numbers.py (messages), families.py
                (the mixins of Tensor)
In place        inplace.py (views, the log of writes, the twins `tanh_`), storage.py, filling.py
By element      arithmetic.py powers.py trigonometry.py special.py (erf, gamma) erf.py activations.py
                composed_activations.py rounding.py comparing.py choosing.py (where, clamp, maximum)
Along axes      reducing.py extremes.py cumulative.py logsums.py softmax.py sorting.py statistics.py normalization.py
Shapes          shaping.py joining.py assembling.py moving.py padding.py resizing.py
By number       indexing.py (x[...]) gathering.py rows.py (embedding) bags.py
Products        products.py linear.py convolution.py attention.py distances.py matrices.py (solve, cholesky)
                decompositions.py (det, svd, eigh, qr)
                pairing.py (kron, cross, cov)
Layers          pooling.py dropout.py; losses.py class_losses.py binary_losses.py margin_losses.py ctc.py
Tensors         making.py (new ones) converting.py (types, to NumPy) describing.py (shape, dtype, strides)
Of others       composed.py
"""
