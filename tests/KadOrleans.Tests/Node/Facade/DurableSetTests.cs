using KadOrleans.Core.Items;

namespace KadOrleans.Tests.Node;

/// <summary>What was acknowledged as durable and was not sent yet, beside calls of the same key.</summary>
public sealed class DurableSetTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_durable_value_stays_when_its_publication_ends(bool hasOlder) => SimulatedWorld.Run(1, async world =>
    {
        var node = (await world.StartNodeAsync()).Node;
        var (key, newer) = (NodeId.FromKey("key"), DhtValue.FromString("2"));
        if (hasOlder)
        {
            await node.SetAsync(key, DhtValue.FromString("1"), SetAcknowledgement.Network);
        }

        Assert.True((await node.SetIfAsync(key, newer, _ => true, SetAcknowledgement.Durable)).Succeeded);
        Assert.Equal(newer, (await node.GetAsync(key)).Value);
        Assert.True(await node.UnpublishAsync(key));
        Assert.Equal(newer, (await node.GetAsync(key)).Value);
        Assert.False(await node.UnpublishAsync(key));
    });

    /// <summary>Of one number the first item stays, and of two the newer.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void An_item_that_is_set_while_another_is_sent_is_compared_with_it(long sent, long durable) => SimulatedWorld.Run(1, async world =>
    {
        await world.StartNetworkAsync(3);
        var node = world.Nodes[0].Node;
        Item slow = SignedItems.Sign(sent, "i1e");
        Item quick = SignedItems.Sign(durable, "i2e");

        var first = node.SetAsync(slow.Key, slow.ToValue(), SetAcknowledgement.Network);
        var second = await node.SetAsync(quick.Key, quick.ToValue(), SetAcknowledgement.Durable);
        Assert.False(first.IsCompleted);
        Assert.True((await first).Succeeded);
        await world.PassAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(durable > sent, second.Succeeded);
        Assert.Equal((durable > sent ? quick : slow).ToValue(), (await node.GetAsync(slow.Key)).Value);
    });

    /// <summary>A durable set takes no turn of the key, so it may come while another call ends the key's publication.</summary>
    [Fact]
    public void A_durable_value_that_is_set_while_a_publication_ends_stays() => SimulatedWorld.Run(1, async world =>
    {
        var publications = new HookedPublications();
        await using var node = await world.StartAsync(Without.Walks, new InMemoryKeyStore(new StoreQuota()), new InMemoryNodeStateStore(), publications);
        var (key, value) = (NodeId.FromKey("key"), DhtValue.FromString("1"));
        publications.AfterGet = async () => Assert.True((await node.SetAsync(key, value, SetAcknowledgement.Durable)).Succeeded);

        await node.UnpublishAsync(key);

        Assert.Null(publications.AfterGet);
        Assert.Equal(value, (await node.GetAsync(key)).Value);
    });

    /// <summary>A clock that was set right moves the times of publications, in no turn of a key.</summary>
    [Fact]
    public void What_replaces_a_publication_does_so_though_upkeep_wrote_another_time_into_it_meanwhile() => SimulatedWorld.Run(1, async world =>
    {
        var publications = new HookedPublications();
        await world.StartNetworkAsync(5, Without.Walks);
        await using var node = await world.StartAsync(Without.Walks, new InMemoryKeyStore(new StoreQuota()), new InMemoryNodeStateStore(), publications);
        await node.BootstrapAsync([$"{world.Nodes[0].Transport.Endpoint}"]);
        var (key, now) = (NodeId.FromKey("key"), world.Clock.GetUtcNow());
        var written = new Publication("1", now - TimeSpan.FromDays(1)) { IsPending = true, Version = 7 };
        await publications.PutAsync(key, written);

        var setting = node.SetIfAsync(key, "2", (await node.GetAsync(key)).Version, SetAcknowledgement.Network, TimeSpan.FromHours(1));
        Assert.False(setting.IsCompleted);
        await publications.ReplaceAsync(key, written, written with { PublishedAt = now });

        Assert.True((await setting).Succeeded);
        Assert.Equal("2", (await node.GetAsync(key)).Value);
        Assert.Null(await publications.GetAsync(key));
    });

    /// <summary>A history had a get find the value before the one that was being deleted.</summary>
    [Fact]
    public void What_lies_under_a_durable_value_does_not_come_to_light_while_both_are_deleted() => SimulatedWorld.Run(1, async world =>
    {
        var publications = new HookedPublications();
        await using var node = await world.StartAsync(Without.Walks, new InMemoryKeyStore(new StoreQuota()), new InMemoryNodeStateStore(), publications);
        var (key, found) = (NodeId.FromKey("key"), new List<DhtValue?>());
        await node.SetAsync(key, "1", SetAcknowledgement.Network);
        await node.SetAsync(key, "2", SetAcknowledgement.Durable);
        publications.AfterRemove = async () => found.Add((await node.GetAsync(key)).Value);

        await node.Admin.DeleteAsync(key);

        Assert.Null(Assert.Single(found));
        Assert.Null((await node.GetAsync(key)).Value);
    });

    /// <summary>
    /// Other writes of the key wait for the disk too, or come later: a fence's number never goes down. A history with kills and jumping clocks had a
    /// value for a time acknowledged above a durable one, which a get then found.
    /// </summary>
    [Theory]
    [InlineData("set for a time")]
    [InlineData("set under a condition for a time")]
    [InlineData("set under a condition")]
    [InlineData("set")]
    public void What_is_set_while_a_durable_value_is_written_hides_nothing_that_was_acknowledged(string other) => SimulatedWorld.Run(1, async world =>
    {
        var publications = new HookedPublications();
        await using var node = await world.StartAsync(Without.Walks, new InMemoryKeyStore(new StoreQuota()), new InMemoryNodeStateStore(), publications);
        var (key, life, written) = (NodeId.FromKey("key"), TimeSpan.FromHours(1), new TaskCompletionSource());
        publications.BeforePut = written.Task;

        var durable = node.SetAsync(key, "1", SetAcknowledgement.Durable);
        publications.BeforePut = Task.CompletedTask;
        var later = other switch
        {
            "set" => node.SetAsync(key, "2", SetAcknowledgement.Network),
            "set for a time" => node.SetAsync(key, "2", life),
            "set under a condition" => node.SetIfAsync(key, "2", ValueVersion.Nothing, SetAcknowledgement.Network),
            _ => node.SetIfAsync(key, "2", ValueVersion.Nothing, SetAcknowledgement.Network, life),
        };
        await world.PassAsync(TimeSpan.FromSeconds(1));
        written.SetResult();

        long[] acknowledged = [.. from result in await Task.WhenAll(durable, later) where result.Succeeded select result.Version.Number];
        Assert.True((await node.GetAsync(key)).Version.Number >= acknowledged.Max());
        await world.PassAsync(TimeSpan.FromMinutes(2));
        Assert.True((await node.GetAsync(key)).Version.Number >= acknowledged.Max());
    });

    /// <summary>One of the same number, or a lower one, that is to be kept is refused as it is of a set.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void An_item_that_is_kept_is_compared_with_one_that_was_not_sent_yet(long kept) => SimulatedWorld.Run(1, async world =>
    {
        var node = (await world.StartNodeAsync()).Node;
        Item durable = SignedItems.Sign(2, "i1e");
        Item other = SignedItems.Sign(kept, "i2e");
        Assert.True((await node.SetAsync(durable.Key, durable.ToValue(), SetAcknowledgement.Durable)).Succeeded);

        var result = await node.KeepAsync(other.Key, other.ToValue(), world.Clock.GetUtcNow() + TimeSpan.FromDays(1));
        await world.PassAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(kept > 2 ? StoreResult.Stored : StoreResult.OlderItem, result.Local);
        Assert.Equal((kept > 2 ? other : durable).ToValue(), (await node.GetAsync(durable.Key)).Value);
    });

    /// <summary>Something happens right after the next publication was read, or before one is written.</summary>
    private sealed class HookedPublications : IPublicationStore
    {
        private readonly InMemoryPublicationStore _inner = new(capacity: 10);

        public Func<Task>? AfterGet { get; set; }

        public Task BeforePut { get; set; } = Task.CompletedTask;

        public Func<Task> AfterRemove { get; set; } = static () => Task.CompletedTask;

        public async ValueTask<Publication?> GetAsync(NodeId key, CancellationToken cancellationToken = default)
        {
            var publication = await _inner.GetAsync(key, cancellationToken);
            if (AfterGet is { } hook)
            {
                AfterGet = null;
                await hook();
            }

            return publication;
        }

        public async ValueTask<StoreResult> PutAsync(NodeId key, Publication publication, CancellationToken cancellationToken = default)
        {
            await BeforePut;
            return await _inner.PutAsync(key, publication, cancellationToken);
        }

        public ValueTask<StoreResult> ReplaceAsync(
            NodeId key, Publication before, Publication? after, CancellationToken cancellationToken = default) =>
            _inner.ReplaceAsync(key, before, after, cancellationToken);

        public async ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default)
        {
            var wasThere = await _inner.RemoveAsync(key, cancellationToken);
            await AfterRemove();
            return wasThere;
        }

        public IAsyncEnumerable<KeyValuePair<NodeId, Publication>> ScanAsync(CancellationToken cancellationToken = default) =>
            _inner.ScanAsync(cancellationToken);
    }
}
