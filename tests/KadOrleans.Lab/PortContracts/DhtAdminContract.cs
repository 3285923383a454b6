namespace KadOrleans.Lab;

/// <summary>What whoever runs a DHT may expect of every <see cref="IDhtAdmin"/>: of one node, or of a cluster.</summary>
public abstract class DhtAdminContract
{
    private const int Keys = 60;

    /// <summary>Runs a test on an empty DHT, which has one node id.</summary>
    protected abstract Task RunAsync(Func<IDht, IDhtAdmin, Task> test);

    /// <summary>Has each process of the DHT ask for changed limits, as it does at intervals.</summary>
    protected virtual Task FollowAsync() => Task.CompletedTask;

    private Task RunFilledAsync(Func<IDht, IDhtAdmin, IReadOnlyList<KeySummary>, Task> test) => RunAsync(async (dht, admin) =>
    {
        await FillAsync(dht, "key");
        var held = await ReadAllAsync(admin, string.Empty, IDhtAdmin.MaxPage);
        Assert.NotEmpty(held);
        await test(dht, admin, held);
    });

    private static async Task FillAsync(IDht dht, string name)
    {
        for (var i = 0; i < Keys; i++)
        {
            await dht.SetAsync($"{name} {i}", $"value {i}");
        }
    }

    private static Task<IReadOnlyList<KeySummary>> ReadAllAsync(IDhtAdmin admin, string prefix, int count) =>
        ReadPagesAsync(count, async next =>
        {
            var page = await admin.ScanAsync(prefix, next, count);
            return (page.Keys, page.Next);
        });

    private static async Task<IReadOnlyList<T>> ReadPagesAsync<T>(
        int count, Func<NodeId?, Task<(IReadOnlyList<T> Page, NodeId? Next)>> readAsync)
    {
        var all = new List<T>();
        NodeId? next = null;
        do
        {
            (var page, next) = await readAsync(next);
            Assert.InRange(page.Count, 0, count);
            all.AddRange(page);
        }
        while (next is not null);
        return all;
    }

    [Fact]
    public Task Calls_refuse_each_argument_that_is_null_by_its_name() => RunAsync(async (_, admin) =>
        Assert.NotEqual(0, await NullArguments.CheckAsync(typeof(IDhtAdmin), admin)));

    [Fact]
    public Task Pages_have_all_keys_in_their_order_and_none_twice() => RunFilledAsync(async (_, admin, held) =>
    {
        Assert.Equal(held.OrderBy(key => key.Key), held);
        foreach (var count in new[] { 1, 7, held.Count })
        {
            Assert.Equal(held, await ReadAllAsync(admin, string.Empty, count));
        }
    });

    [Fact]
    public Task A_prefix_of_the_id_chooses_keys() => RunFilledAsync(async (_, admin, held) =>
    {
        foreach (var digit in "0123456789aF")
        {
            Assert.Equal(
                held.Where(key => key.Key.ToString()[0] == char.ToLowerInvariant(digit)),
                await ReadAllAsync(admin, digit.ToString(), 2));
        }

        Assert.Equal([held[0]], await ReadAllAsync(admin, held[0].Key.ToString(), 1));
        Assert.Empty(await ReadAllAsync(admin, new string('0', 40), 1));
    });

    [Fact]
    public Task Pages_have_all_publications_in_their_order_and_none_twice() => RunFilledAsync(async (dht, admin, held) =>
    {
        await dht.UnpublishAsync(held[0].Key);
        foreach (var count in new[] { 1, 7, IDhtAdmin.MaxPage })
        {
            var read = await ReadPagesAsync(count, async next =>
            {
                var page = await admin.ScanPublicationsAsync(next, count);
                return (page.Publications, page.Next);
            });
            Assert.Equal(
                Enumerable.Range(0, Keys).Select(i => NodeId.FromKey($"key {i}")).Where(key => key != held[0].Key).Order(),
                read.Select(publication => publication.Key));
            Assert.Equal((await admin.DescribeKeyAsync(read[0].Key)).PublishedAt, read[0].PublishedAt);
        }
    });

    // A cluster's shards look once per interval, and so are earlier by the turns of holders, 10 minutes. An index has whole milliseconds.
    [Fact]
    public Task The_next_due_time_is_that_of_the_value_that_was_sent_first() => RunFilledAsync(async (_, admin, held) =>
    {
        var next = await admin.FindNextDueAsync();

        var age = next!.Value - held.Min(key => key.StoredAt);
        Assert.InRange(age, TimeSpan.FromMinutes(50) - TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
    });

    [Fact]
    public Task A_key_is_described_in_full() => RunFilledAsync(async (dht, admin, held) =>
    {
        var summary = held[0];
        var details = await admin.DescribeKeyAsync(summary.Key);

        Assert.Equal((await dht.GetAsync(summary.Key)).Value, details.Held?.Value);
        Assert.Equal(
            (summary.StoredAt, summary.ExpiresAt, summary.Source, summary.Length),
            (details.Held!.StoredAt, details.Held.ExpiresAt, details.Held.Source, details.Held.Value.ContentLength));
        Assert.NotNull(details.PublishedAt);
        Assert.Null(details.NetworkProblem);
        Assert.Contains(details.Nearest, holder => holder is { Answered: true, Value: not null });
        var none = await admin.DescribeKeyAsync(NodeId.FromKey("nowhere"));
        Assert.Equal((null, null), (none.Held, none.PublishedAt));
        Assert.NotEmpty(none.Nearest);
    });

    [Fact]
    public Task A_deleted_key_is_held_and_published_no_more() => RunFilledAsync(async (dht, admin, held) =>
    {
        var key = held[0].Key;
        var before = await admin.GetUsageAsync();

        Assert.Equal(new KeyDeletion(WasHeld: true, WasPublished: true), await admin.DeleteAsync(key));

        var details = await admin.DescribeKeyAsync(key);
        Assert.Equal((null, null), (details.Held, details.PublishedAt));
        Assert.Equal(held.Skip(1), await ReadAllAsync(admin, string.Empty, IDhtAdmin.MaxPage));
        var after = await admin.GetUsageAsync();
        Assert.Equal((before.Keys - 1, true), (after.Keys, after.Bytes < before.Bytes));
        Assert.Equal(new KeyDeletion(false, false), await admin.DeleteAsync(key));
        Assert.False(await dht.UnpublishAsync(key));
    });

    [Fact]
    public Task The_usage_counts_the_items_that_are_kept_for_their_owners_beside_the_limit() => RunAsync(async (dht, admin) =>
    {
        var (item, until) = (SignedItems.Sign(1, "5:first", "counted"), KeepRules.WholeSecond(DateTimeOffset.UtcNow.AddDays(30)));
        Assert.Equal(((long)0, null), ((await admin.GetUsageAsync()).Kept, await admin.FindKeptAsync(item.Key)));
        Assert.Equal(StoreResult.Stored, (await dht.KeepSignedAsync(item, until)).Local);

        var usage = await admin.GetUsageAsync();
        Assert.Equal((1, usage.Shards.Count == 0 ? 0 : 1), (usage.Kept, usage.Shards.Sum(shard => shard.Kept)));
        Assert.Equal((await admin.GetLimitsAsync()).Limits.Single(limit => limit.Limit.Name == "keptKeys").Value, usage.MostKept);
        Assert.Equal(until, await admin.FindKeptAsync(item.Key));
        Assert.True(await dht.UnpublishAsync(item.Key));
        Assert.Equal((0, null), ((await admin.GetUsageAsync()).Kept, await admin.FindKeptAsync(item.Key)));
    });

    [Fact]
    public Task The_usage_counts_the_keys_that_are_held_in_all_and_by_source() => RunFilledAsync(async (_, admin, held) =>
    {
        var (usage, sources) = (await admin.GetUsageAsync(), await admin.GetSourcesAsync(IDhtAdmin.MaxSources));

        Assert.Equal(held.Count, usage.Keys);
        Assert.True(usage.Bytes >= held.Sum(key => key.Length));
        Assert.Empty(usage.Missing);
        Assert.Equal((usage.Keys, usage.Bytes), (sources.Ranking.Keys, sources.Ranking.Bytes));
        Assert.Equal(
            held.GroupBy(key => key.Source).Select(group => (group.Key, (long)group.Count())).OrderBy(one => one.Key.Low),
            sources.Ranking.Sources.Select(one => (one.Source, one.Keys)).OrderBy(one => one.Source.Low));
        Assert.Equal(usage.Bytes, sources.Ranking.Sources.Sum(one => one.Bytes));
        Assert.Equal((0, 0), (sources.Ranking.MostOtherKeys, sources.Ranking.MostOtherBytes));
        Assert.Empty(sources.Missing);
        Assert.InRange((await admin.GetSourcesAsync(1)).Ranking.Sources.Count, 1, 2);
    });

    [Fact]
    public Task The_table_has_its_contacts_in_their_buckets() => RunAsync(async (dht, admin) =>
    {
        var status = Assert.Single((await dht.GetStatusAsync()).Nodes);
        var table = await admin.GetTableAsync();

        Assert.Equal(Assert.Single(status.Ids), table.Id);
        Assert.NotEmpty(table.Buckets);
        Assert.All(table.Buckets, bucket =>
        {
            Assert.Equal(bucket.Summary.Count, bucket.Contacts.Count);
            var range = new BucketRange(bucket.Summary.Prefix, bucket.Summary.Depth);
            Assert.All(bucket.Contacts, contact => Assert.True(range.Contains(contact.Id)));
        });
        Assert.Equal(table.Id, (await admin.GetTableAsync(table.Id)).Id);
        var unknown = await Assert.ThrowsAsync<ArgumentException>(() => admin.GetTableAsync(NodeId.MaxValue));
        Assert.Contains(table.Id.ToString(), unknown.Message, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_lookup_is_told_query_by_query() => RunAsync(async (dht, admin) =>
    {
        var target = NodeId.FromKey("target");
        var trace = await admin.TraceLookupAsync(target, LookupKind.Node);

        Assert.Contains(trace.From, (await dht.GetStatusAsync()).Nodes.SelectMany(node => node.Ids));
        Assert.Equal((target, TerminationReason.Converged), (trace.Outcome.Target, trace.Outcome.Reason));
        Assert.NotEmpty(trace.Queries);
        Assert.Contains(trace.Outcome.Closest[0], trace.Queries.Select(query => query.Contact));
        Assert.All(trace.Queries.Index(), one =>
        {
            Assert.True(one.Item.NamedBy is null || one.Item.NamedBy < one.Index);
            Assert.Equal(one.Item.NamedBy is { } namer ? trace.Queries[namer].Hops + 1 : 1, one.Item.Hops);
            Assert.InRange(one.Item.SentAt + (one.Item.Took ?? TimeSpan.Zero), TimeSpan.Zero, trace.Duration);
        });
    });

    [Fact]
    public Task The_audit_log_has_its_last_entries_newest_first() => RunAsync(async (_, admin) =>
    {
        var time = new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
        var noted = Enumerable.Range(0, 120).Select(i => new AuditEntry(time.AddSeconds(i), "operator", "delete", $"{i}", i % 2 == 0, "done")).ToList();
        foreach (var entry in noted)
        {
            await admin.RecordAsync(entry);
        }

        var read = await admin.ReadAuditAsync(70);
        var rest = await admin.ReadAuditAsync(50, read[^1].Number);
        Assert.Equal(noted.AsEnumerable().Reverse(), read.Concat(rest).Select(entry => entry with { Number = 0 }));
        Assert.Equal(read.Select(entry => entry.Number).OrderDescending(), read.Select(entry => entry.Number));
    });

    [Fact]
    public Task A_contact_that_no_table_has_is_neither_described_nor_dropped() => RunAsync(async (_, admin) =>
    {
        Assert.Empty(await admin.GetContactAsync(NodeId.MaxValue));
        Assert.Equal(0, await admin.DropContactAsync(NodeId.MaxValue));
    });

    [Fact]
    public Task A_name_that_no_edge_has_cannot_be_changed() => RunAsync(async (_, admin) =>
    {
        Assert.DoesNotContain(await admin.GetEdgesAsync(), edge => edge.Name == "nobody");
        foreach (var action in Enum.GetValues<EdgeAction>())
        {
            var refused = await Assert.ThrowsAsync<ArgumentException>(() => admin.ChangeEdgeAsync("nobody", action));
            Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
        }
    });

    [Fact]
    public Task Bans_are_listed_until_they_end() => RunAsync(async (_, admin) =>
    {
        var (range, id) = (Ban.Parse("203.0.113.9/24"), Ban.Parse(NodeId.MaxValue.ToString()));

        Assert.True((await admin.BanAsync(range)).Changed);
        Assert.True((await admin.BanAsync(id)).Changed);
        Assert.False((await admin.BanAsync(range)).Changed);

        var list = await admin.GetBansAsync();
        Assert.Equal([range, id], list.Bans.Select(entry => entry.Ban));
        Assert.Equal("203.0.113.0/24", list.Bans[0].Ban.ToString());
        Assert.Empty(list.Missing);
        Assert.True((await admin.UnbanAsync(range)).Changed);
        Assert.False((await admin.UnbanAsync(range)).Changed);
        Assert.True((await admin.UnbanAsync(id)).Changed);
        Assert.Empty((await admin.GetBansAsync()).Bans);
    });

    [Fact]
    public Task The_own_id_cannot_be_banned() => RunAsync(async (_, admin) =>
    {
        var own = (await admin.GetTableAsync()).Id;

        var refused = await Assert.ThrowsAsync<ArgumentException>(() => admin.BanAsync(Ban.Parse(own.ToString())));

        Assert.Equal($"The ban is '{own}', an id of this DHT itself; ids of others can be banned.", refused.Message);
        Assert.Empty((await admin.GetBansAsync()).Bans);
    });

    [Fact]
    public Task A_quota_below_what_is_held_refuses_new_keys_until_it_is_set_back() => RunFilledAsync(async (dht, admin, held) =>
    {
        Assert.Equal((true, 0), await SetAsync(0));
        Assert.Equal((false, 0), await SetAsync(0));

        await FillAsync(dht, "late");

        Assert.Equal(held.Select(key => key.Key), (await ReadAllAsync(admin, string.Empty, IDhtAdmin.MaxPage)).Select(key => key.Key));
        var limit = await ReadLimitAsync(admin, "totalKeys");
        Assert.Equal((0L, true), (limit.Value, limit.Setting > 0 && limit.Since is not null));
        Assert.Equal((true, 0), await SetAsync(null));
        await FillAsync(dht, "late");

        Assert.True((await ReadAllAsync(admin, string.Empty, IDhtAdmin.MaxPage)).Count > held.Count);
        limit = await ReadLimitAsync(admin, "totalKeys");
        Assert.Equal((limit.Setting, null), (limit.Value, limit.Since));
        Assert.Equal((false, 0), await SetAsync(null));

        async Task<(bool, int)> SetAsync(long? value)
        {
            var change = await admin.SetLimitAsync("totalKeys", value);
            await FollowAsync();
            return (change.Changed, (await admin.GetLimitsAsync()).Missing.Count);
        }
    });

    [Fact]
    public Task Each_limit_is_listed_changed_and_set_back() => RunAsync(async (_, admin) =>
    {
        var before = await admin.GetLimitsAsync();
        Assert.Equal(Limit.All, before.Limits.Select(limit => limit.Limit));
        Assert.Empty(before.Missing);
        foreach (var limit in Limit.All)
        {
            Assert.True((await admin.SetLimitAsync(limit.Name, limit.Least)).Changed);
            Assert.Equal(limit.Least, (await ReadLimitAsync(admin, limit.Name)).Value);
        }

        foreach (var limit in Limit.All)
        {
            Assert.True((await admin.SetLimitAsync(limit.Name, null)).Changed);
        }

        Assert.Equal(before.Limits, (await admin.GetLimitsAsync()).Limits);
    });

    [Theory]
    [InlineData("totalKeys", -1L, "The limit totalKeys is -1; 0 to ")]
    [InlineData("nothing", null, "There is no limit 'nothing'; totalKeys, ")]
    public Task A_limit_that_does_not_fit_is_refused_in_a_sentence(string name, long? value, string expected) => RunAsync(async (_, admin) =>
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => admin.SetLimitAsync(name, value));

        Assert.StartsWith(expected, refused.Message, StringComparison.Ordinal);
        Assert.All((await admin.GetLimitsAsync()).Limits, limit => Assert.Null(limit.Since));
    });

    private static async Task<LimitDetails> ReadLimitAsync(IDhtAdmin admin, string name) =>
        (await admin.GetLimitsAsync()).Limits.Single(limit => limit.Limit.Name == name);

    [Fact]
    public Task Arguments_that_are_wrong_are_refused_in_a_sentence() => RunAsync(async (_, admin) =>
    {
        var tooLong = new string('0', 41);
        foreach (var (call, expected) in new (Func<Task>, string)[]
        {
            (() => admin.ScanAsync("xyz", null, 1), "The prefix is 'xyz'; 0 to 40 hexadecimal digits are allowed."),
            (() => admin.ScanAsync(tooLong, null, 1), $"The prefix is '{tooLong}'; 0 to 40 hexadecimal digits are allowed."),
            (() => admin.ScanAsync(string.Empty, null, 1_001), "The count is 1001; 1 to 1000 is allowed."),
            (() => admin.ScanAsync(string.Empty, null, 0), "The count is 0; 1 to 1000 is allowed."),
            (() => admin.ScanPublicationsAsync(null, 0), "The count is 0; 1 to 1000 is allowed."),
            (() => admin.ReadAuditAsync(0), "The count is 0; 1 to 1000 is allowed."),
            (() => admin.ReadAuditAsync(IDhtAdmin.MaxPage + 1), "The count is 1001; 1 to 1000 is allowed."),
            (() => admin.GetSourcesAsync(501), "The count is 501; 1 to 500 is allowed."),
            (() => admin.GetSourcesAsync(0), "The count is 0; 1 to 500 is allowed."),
            (() => admin.ImportAsync([]), "The number of values is 0; 1 to 1000 is allowed."),
        })
        {
            Assert.Equal(expected, (await Assert.ThrowsAsync<ArgumentException>(call)).Message);
        }
    });
}
