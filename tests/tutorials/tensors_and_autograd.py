"""Fit a polynomial to a sine: first by hand, then with autograd."""

import math

import torch

dtype = torch.float
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.manual_seed(1)

x = torch.linspace(-math.pi, math.pi, 500, device=device, dtype=dtype)
y = torch.sin(x)

coefficients = [torch.randn((), device=device, dtype=dtype, requires_grad=True) for _ in range(4)]
learning_rate = 1e-6
for t in range(400):
    a, b, c, d = coefficients
    y_pred = a + b * x + c * x**2 + d * x**3
    loss = (y_pred - y).pow(2).sum()
    if t == 0:
        print("first loss", loss.item())
    loss.backward()
    with torch.no_grad():
        for w in coefficients:
            w -= learning_rate * w.grad
            w.grad = None
print(f"y = {a.item():.2f} + {b.item():.2f} x + {c.item():.2f} x^2 + {d.item():.2f} x^3")
print("last loss", loss.item())
