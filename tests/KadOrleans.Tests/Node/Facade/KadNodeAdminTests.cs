namespace KadOrleans.Tests.Node;

/// <summary>One node in a simulated network.</summary>
public sealed class KadNodeAdminTests : DhtAdminContract
{
    private readonly SimulatedWorld _world = new(seed: 15);

    protected override Task RunAsync(Func<IDht, IDhtAdmin, Task> test)
    {
        _world.Run(async () =>
        {
            await _world.StartNetworkAsync(30, Without.Walks);
            await test(_world.Nodes[3].Node, _world.Nodes[3].Node.Admin);
        });
        return Task.CompletedTask;
    }

    [Fact]
    public Task All_of_the_nearest_nodes_are_asked_what_they_hold() => RunAsync(async (dht, admin) =>
    {
        var set = await dht.SetAsync("key", "value");

        var details = await admin.DescribeKeyAsync(set.Lookup!.Target);

        Assert.Equal(set.Stored, details.Nearest.Count(holder => holder.Value?.AsString() == "value"));
        Assert.Equal(set.Lookup.Closest, details.Nearest.Select(holder => holder.Contact));
    });

    [Fact]
    public Task A_node_has_neither_silos_nor_shards() => RunAsync(async (_, admin) =>
    {
        Assert.Empty(await admin.GetSilosAsync());
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => admin.FindShardAsync(NodeId.MaxValue));
        Assert.Equal("This is one node, which has no shards; a cluster has.", refused.Message);
        await Assert.ThrowsAsync<ArgumentException>(() => admin.GetShardAsync(0));
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_banned_node_leaves_the_table_and_is_neither_answered_nor_asked(bool byId) => RunAsync(async (_, admin) =>
    {
        var (node, banned) = (_world.Nodes[3].Node, _world.Nodes[7].Node);
        var endpoint = banned.LocalEndpoints[0];
        bool HasContact() => node.RoutingTable.Contacts.Any(contact => contact.Id == banned.Id);
        Assert.True((await banned.PingAsync(node.LocalEndpoints[0])).Answered);
        Assert.True(HasContact());

        await admin.BanAsync(Ban.Parse(byId ? banned.Id.ToString() : $"{endpoint.ToIPAddress()}/32"));

        Assert.False(HasContact());
        Assert.False((await banned.PingAsync(node.LocalEndpoints[0])).Answered);
        var lookup = await node.FindNodeAsync(banned.Id);
        Assert.DoesNotContain(lookup.Closest, contact => contact.Id == banned.Id);
        if (!byId)
        {
            Assert.False((await node.PingAsync(endpoint)).Answered);
        }

        await _world.PassAsync(TimeSpan.FromHours(2));
        Assert.False(HasContact());
        await admin.UnbanAsync((await admin.GetBansAsync()).Bans[0].Ban);
        Assert.True((await banned.PingAsync(node.LocalEndpoints[0])).Answered);
    });

    [Fact]
    public Task A_contact_is_described_dropped_and_comes_back() => RunAsync(async (_, admin) =>
    {
        var (node, contact) = (_world.Nodes[3].Node, _world.Nodes[3].Node.RoutingTable.Contacts[0]);

        var known = Assert.Single(await admin.GetContactAsync(contact.Id));
        Assert.Equal((node.Id, contact, false, 0), (known.Table, known.Known.Contact, known.Known.IsReplacement, known.Known.Failures));
        Assert.InRange(known.Known.FirstSeen, DateTimeOffset.MinValue, known.Known.LastSeen);
        Assert.Equal(1, await admin.DropContactAsync(contact.Id));
        Assert.Empty(await admin.GetContactAsync(contact.Id));
        Assert.Equal(0, await admin.DropContactAsync(contact.Id));

        await node.PingAsync(contact.Endpoint);
        Assert.Single(await admin.GetContactAsync(contact.Id));
    });

    [Fact]
    public Task Work_is_begun_when_it_is_asked_for() => RunAsync(async (_, admin) =>
    {
        var node = _world.Nodes[3].Node;
        var before = (await admin.GetTableAsync()).Buckets.Max(bucket => bucket.Summary.LastLookup);
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(1, await admin.RunAsync(DhtWork.Refresh));
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        Assert.All((await admin.GetTableAsync()).Buckets, bucket => Assert.True(bucket.Summary.LastLookup > before));
        var walks = node.Engine.Counts["walks.done"];
        Assert.Equal(1, await admin.RunAsync(DhtWork.Walk));
        await _world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.True(node.Engine.Counts["walks.done"] > walks);
        Assert.Equal(1, await admin.RunAsync(DhtWork.Republish));
    });

    [Fact]
    public Task A_watch_hears_of_a_deletion_and_of_an_import() => RunAsync(async (_, _) =>
    {
        var key = NodeId.FromKey("key");
        var near = _world.Nodes.MinBy(node => node.Node.Id.DistanceTo(key))!.Node;
        await using var watch = near.WatchAsync(key).GetAsyncEnumerator();
        await watch.MoveNextAsync();
        await near.SetAsync(key, "value");
        await watch.MoveNextAsync();
        Assert.Equal("value", watch.Current.Value);

        await near.Admin.DeleteAsync(key);
        await watch.MoveNextAsync();
        Assert.Null(watch.Current.Value);

        await near.Admin.ImportAsync([KeyValuePair.Create(key, Stored("imported", TimeSpan.Zero, TimeSpan.FromHours(1)))]);
        await watch.MoveNextAsync();
        Assert.Equal("imported", watch.Current.Value);
    });

    [Fact]
    public Task An_expired_publication_of_a_cluster_does_not_replace_a_live_value() => RunAsync(async (_, admin) =>
    {
        var key = NodeId.FromKey("key");
        var live = Stored("live", TimeSpan.FromDays(-3), TimeSpan.FromDays(3));
        var expired = Stored("expired", TimeSpan.FromDays(-2), TimeSpan.FromDays(-1));
        Assert.Equal([StoreResult.Stored], await admin.ImportAsync([KeyValuePair.Create(key, live)]));

        Assert.Equal(
            [StoreResult.Outdated], await admin.ImportAsync([KeyValuePair.Create(key, expired with { PublishedAt = expired.StoredAt })]));

        Assert.Equal(live, (await admin.DescribeKeyAsync(key)).Held);
    });

    private StoredValue Stored(DhtValue value, TimeSpan storedAfter, TimeSpan expiresAfter)
    {
        var now = _world.Clock.GetUtcNow();
        return new StoredValue(value, now + storedAfter, now + expiresAfter, default);
    }
}
