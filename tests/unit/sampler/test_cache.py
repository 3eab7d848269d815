"""The cache with spare room, and attention of one query over it: as transformers' own, to rounding."""

from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.torch


def test_what_was_written_comes_back_in_order():
    """Growing and dropping rows keep every filled position; room that is not filled is zero, never garbage."""
    import torch

    from knapsack_rl.sampler.cache import SPARE, new_cache

    cache, written = new_cache(), torch.randn(5, 2, 3, 4)
    cache.update(written, written + 1, 0)
    for step in range(2 * SPARE + 1):
        new = torch.randn(len(written), 2, 1, 4)
        expected_length = cache.get_mask_sizes(1, 0)[0]
        keys, values = cache.update(new, new + 1, 0)
        written = torch.cat([written, new], dim=2)
        filled = written.shape[2]
        assert keys.shape[2] == values.shape[2] == expected_length <= filled + SPARE
        assert cache.get_seq_length() == filled
        assert torch.equal(keys[:, :, :filled], written)
        assert torch.equal(values[:, :, :filled], written + 1)
        assert not keys[:, :, filled:].any()
        assert not values[:, :, filled:].any()
        if step in {3, 11}:
            kept = torch.arange(0, len(written), 2)
            cache.batch_select_indices(kept)
            written = written[kept]


@pytest.mark.parametrize("heads", [2, 6])
@pytest.mark.parametrize("masked", [True, False])
def test_one_query_is_attended_to_as_by_torch(heads, masked):
    """Two products give what the fused kernel gives, with shared keys and masked positions too."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    from knapsack_rl.sampler.cache import decoding_attention

    query, key, value = torch.randn(3, heads, 1, 8), torch.randn(3, 2, 9, 8), torch.randn(3, 2, 9, 8)
    mask = torch.rand(3, 1, 1, 9) < 0.6 if masked else None
    if mask is not None:
        mask[..., 4] = True
    expected = scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=0.3, enable_gqa=True)
    attended, _ = decoding_attention(SimpleNamespace(), query, key, value, mask, scaling=0.3)
    torch.testing.assert_close(attended, expected.transpose(1, 2))
