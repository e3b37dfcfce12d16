"""Sample calls of the matrix products."""

from .samples import Row

ROWS = [
    Row("matmul", ["t.matmul(x, y)", "x @ y", "x.matmul(y)", "t.matmul(input=x, other=y)"],
        [("f8 2,3", "f8 3,4"), ("f8 3", "f8 3"), ("f8 3", "f8 3,4"), ("f8 2,3", "f8 3"), ("f8 5,2,3", "f8 5,3,4"),
         ("f8 5,2,3", "f8 3,4"), ("f8 2,3", "f8 5,3,4"), ("f8 5,2,3", "f8 3"), ("f8 3", "f8 5,3,4"),
         ("f8 2,1,2,3", "f8 5,3,4"), ("f8 3,2 T", "f8 3,4"), ("f4 2,3", "f4 3,4"), ("i8 2,3", "i8 3,2"),
         ("f8 0,3", "f8 3,4"), ("f8 2,0", "f8 0,3"), ("f8 1,1", "f8 1,1"), ("f8 4,3 T", "f8 4,2"), ("f8 1,2,3", "f8 4,3,2")]),
    Row("mm", ["t.mm(x, y)", "x.mm(y)", "t.mm(x, mat2=y)"],
        [("f8 2,3", "f8 3,4"), ("f8 3,2 T", "f8 3,4"), ("f4 2,3", "f4 3,4"), ("f8 0,3", "f8 3,4")]),
    Row("bmm", ["t.bmm(x, y)", "x.bmm(y)", "t.bmm(x, mat2=y)", "x.bmm(y).squeeze(0)"],
        [("f8 5,2,3", "f8 5,3,4"), ("f4 2,1,3", "f4 2,3,1"), ("f8 1,2,3", "f8 1,3,2"), ("f8 0,2,3", "f8 0,3,2")]),
    Row("mv", ["t.mv(x, y)", "x.mv(y)", "x.mv(vec=y)"],
        [("f8 2,3", "f8 3"), ("f8 3,2 T", "f8 3"), ("f4 2,3", "f4 3"), ("f8 1,1", "f8 1")]),
    Row("dot", ["t.dot(x, y)", "x.dot(y)", "x.dot(tensor=y)", "t.dot(x, x)"],
        [("f8 3", "f8 3"), ("f4 3", "f4 3"), ("i8 3", "i8 3"), ("f8 1", "f8 1"), ("f8 0", "f8 0")]),
    Row("outer", ["t.outer(x, y)", "x.outer(y)", "t.outer(x, vec2=y)", "t.outer(x, x)"],
        [("f8 3", "f8 2"), ("f4 3", "f4 3"), ("i8 3", "f4 3"), ("f8 1", "f8 1"), ("f8 0", "f8 2")]),
    Row("addmm", ["t.addmm(x, y, z)", "x.addmm(y, z)", "t.addmm(x, y, z, beta=0.5, alpha=2)", "t.addmm(x, mat1=y, mat2=z)",
                  "x.addmm(y, z, beta=0)"],
        [("f8 2,4", "f8 2,3", "f8 3,4"), ("f8 4", "f8 2,3", "f8 3,4"), ("f4 2,4", "f4 2,3", "f4 3,4"), ("f8 2,1", "f8 2,3", "f8 3,4")]),
    Row("baddbmm", ["t.baddbmm(x, y, z)", "x.baddbmm(y, z)", "t.baddbmm(x, y, z, beta=0.5, alpha=2)", "t.baddbmm(x, batch1=y, batch2=z)"],
        [("f8 5,2,4", "f8 5,2,3", "f8 5,3,4"), ("f8 1,2,4", "f8 5,2,3", "f8 5,3,4"), ("f4 5,1,1", "f4 5,2,3", "f4 5,3,4")]),
    *[Row("einsum", [f"t.einsum({equation!r}, x, y)", f"t.einsum({equation!r}, [x, y])"], [shapes]) for equation, shapes in [
        ("ij,jk->ik", ("f8 2,3", "f8 3,4")), ("ij,jk", ("f8 2,3", "f8 3,4")), ("bij,bjk->bik", ("f8 5,2,3", "f8 5,3,4")),
        ("i,j->ij", ("f8 2", "f8 3")), ("i,i->", ("f8 3", "f8 3")), ("bhqd,bhkd->bhqk", ("f8 2,2,3,4", "f8 2,2,5,4")),
        ("...ij,...jk->...ik", ("f8 2,5,2,3", "f8 5,3,4")), ("ij,kj->ki", ("f8 2,3", "f8 4,3")), ("bij,bj->bi", ("f8 5,2,3", "f8 5,3")),
        ("ij,ij->", ("f8 2,3", "f8 2,3")), ("ij,i->i", ("f8 2,3", "f8 2")), ("ik,jk->ij", ("f4 2,3", "f4 4,3")),
        ("bi,bj->bij", ("f8 5,2", "f8 5,3")), ("...i,...i->...", ("f8 2,3", "f8 2,3")), ("ij,kl->il", ("f8 2,3", "f8 4,2")),
        (" i j , j k -> k i ", ("f8 2,3", "f8 3,4")), ("bn,anm,bm->ba", ("f8 2,3", "f8 5,3,4", "f8 2,4"))]
      if equation.count(",") == 1],
    Row("einsum", ["t.einsum('ij->ji', x)", "t.einsum('ij->', x)", "t.einsum('ij->i', x)", "t.einsum('ii->i', x)", "t.einsum('ii', x)",
                   "t.einsum('ij', x)", "t.einsum('ji', x)", "t.einsum('...j->...', x)", "t.einsum('ii->', x)", "t.einsum('...', x)"],
        ["f8 3,3", "f4 2,2", "f8 1,1"]),
    Row("einsum", ["t.einsum('bn,anm,bm->ba', x, y, z)"], [("f8 2,3", "f8 5,3,4", "f8 2,4")]),
]  # fmt: skip
