using System.Reflection;

namespace KadOrleans.Tests.Core;

/// <summary>Items in a DHT of somebody's own, which has <see cref="IDht"/> alone.</summary>
public sealed class ItemCallsTests
{
    [Fact]
    public async Task Items_are_got_as_any_value_and_none_is_kept()
    {
        var item = SignedItems.Sign(1, "3:one");
        var dht = DispatchProxy.Create<IDht, OneValue>();
        ((OneValue)(object)dht).Value = item.ToValue();

        Assert.Equal(item, (await dht.GetSignedAsync(item.PublicKey, "s")).Item);
        Assert.Null((await dht.GetSignedAsync(item.PublicKey, "another")).Item);
        var kept = await Assert.ThrowsAsync<NotSupportedException>(() => dht.KeepSignedAsync(item, DateTimeOffset.UtcNow.AddDays(1)));
        Assert.EndsWith("keeps no items for their owners; it does not implement IDhtItems.", kept.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_serves_items_alone_is_no_part_of_a_dht_that_somebody_writes() => Assert.Empty(
        typeof(IDht).GetMethods().Select(method => method.Name).Intersect(typeof(IDhtItems).GetMethods().Select(method => method.Name)));
}

/// <summary>A DHT with one value under each key.</summary>
public class OneValue : DispatchProxy
{
    public DhtValue Value { get; set; }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name == nameof(IDht.GetAsync)
        ? Task.FromResult(new GetResult(Value, null))
        : throw new NotImplementedException(targetMethod.Name);
}
