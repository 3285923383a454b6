using KadOrleans.Core.Items;

namespace KadOrleans.Tests.Core;

public sealed class ItemOwnerTests
{
    [Fact]
    public void The_owner_of_bytes_is_that_of_the_item_which_they_are()
    {
        var item = SignedItems.Sign(1, "3:one");
        var owner = ItemOwner.Of(item.ToValue())!;
        var written = new byte[Item.PublicKeyLength];
        owner.CopyTo(written);
        Assert.Equal(item.PublicKey.ToArray(), written);
        Assert.Equal(owner, new ItemOwner(written));
        Assert.NotEqual(owner, ItemOwner.Of(SignedItems.Sign(1, "3:one", owner: SignedItems.Stranger).ToValue()));
        Assert.All(Enumerable.Range(0, 48), length => Assert.Null(ItemOwner.OfContent(item.Envelope.Span[..length])));
        Assert.Equal(owner, ItemOwner.OfContent(item.Envelope.Span[..48]));
    }
}
