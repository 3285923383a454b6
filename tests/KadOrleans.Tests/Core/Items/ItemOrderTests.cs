using KadOrleans.Core.Items;

namespace KadOrleans.Tests.Core;

public sealed class ItemOrderTests
{
    [Fact]
    public void The_order_is_one_and_an_item_with_an_owner_is_above_one_without()
    {
        CheckedItem?[] ordered =
        [
            null, SignedItems.Check(SignedItems.Immutable("1:z")), SignedItems.Check(SignedItems.Sign(0, "1:b")),
            SignedItems.Check(SignedItems.Sign(0, "1:a")), SignedItems.Check(SignedItems.Sign(1, "1:z")),
        ];
        foreach (var (i, one) in ordered.Index())
        {
            foreach (var (j, other) in ordered.Index())
            {
                Assert.Equal(i.CompareTo(j), Math.Sign(ItemOrder.Newest.Compare(one, other)));
            }
        }
    }
}
