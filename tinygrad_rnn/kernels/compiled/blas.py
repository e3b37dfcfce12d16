"""The matrix product inside compiled loops: the very one that NumPy calls.

numba's own `np.dot` calls SciPy's BLAS, which on one processor took 1.2 to 1.45 times as long as NumPy's at the sizes of a
step. So the loops get the address of `sgemm` or `dgemm` in NumPy's library, and SciPy's only where NumPy's shows none.
It is an argument, as compiled code is kept on disk while the library may change.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import get_cython_function_address, intrinsic

from ... import threads

NAMES = "scipy_{}_64_", "scipy_{}_", "{}_64_", "{}_", "{}"  # NumPy's wheels, other builds


def found() -> dict[Any, int]:
    """The address of the product for each dtype."""
    kinds = {np.dtype("float32"): "sgemm", np.dtype("float64"): "dgemm"}
    return {dtype: _in_numpy(gemm) or _in_scipy(gemm) for dtype, gemm in kinds.items()}


def _in_numpy(gemm: str) -> int:
    import ctypes

    for library in threads.libraries():
        for name in NAMES:
            if function := getattr(library.dynlib, name.format(gemm), None):
                return ctypes.cast(function, ctypes.c_void_p).value or 0
    return 0


def _in_scipy(gemm: str) -> int:
    address = get_cython_function_address("scipy.linalg.cython_blas", gemm)
    threads.follow("scipy", "scipy.libs")
    return address


@intrinsic
def call_gemm(typing: Any, gemm: Any, turned: Any, rows: Any, columns: Any, inner: Any, a: Any, b: Any, c: Any) -> Any:
    """c = a b, or a bᵀ if `turned`, on arrays in C order, of which `a` and `c` count as `rows` rows.

    Fortran takes everything by address and sees every array transposed: cᵀ = bᵀ aᵀ. Whether its whole numbers have 32 or
    64 bits does not matter: the lower half of a small number comes first in memory.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        gemm, turned, rows, columns, inner, *arrays = args
        real = context.get_value_type(a.dtype)
        byte, word = ir.IntType(8), ir.IntType(64)
        anything = byte.as_pointer()

        def at(value: Any) -> Any:
            slot = cgutils.alloca_once(builder, value.type)
            builder.store(value, slot)
            return builder.bitcast(slot, anything)

        def data(kind: Any, array: Any) -> Any:
            return builder.bitcast(context.make_array(kind)(context, builder, array).data, anything)

        numbers = [data(kind, array) for kind, array in zip((a, b, c), arrays, strict=True)]
        letter = builder.select(turned, byte(ord("T")), byte(ord("N")))
        width = builder.select(turned, inner, columns)  # of a row of b
        order = at(letter), at(byte(ord("N"))), at(columns), at(rows), at(inner)
        factors = at(real(1.0)), numbers[1], at(width), numbers[0], at(inner), at(real(0.0)), numbers[2], at(columns)
        kind = ir.FunctionType(ir.VoidType(), [anything] * 13)
        assert inner.type == word
        builder.call(builder.inttoptr(gemm, kind.as_pointer()), [*order, *factors])
        return context.get_dummy_value()

    count = types.int64
    return types.void(count, types.boolean, count, count, count, a, b, c), generate
