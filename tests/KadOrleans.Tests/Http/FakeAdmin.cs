using System.Runtime.CompilerServices;

namespace KadOrleans.Tests.Http;

/// <summary>A management that holds one key, and notes its calls.</summary>
internal sealed class FakeAdmin : IDhtAdmin
{
    public static DateTimeOffset StoredAt { get; } = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    public static StoredValue Held { get; } = new(
        "<b>\u001b[2J", StoredAt, StoredAt.AddDays(1), SourceNetwork.Of(UdpEndpoint.Parse("192.0.2.7:1")));

    /// <summary>What the crawls found.</summary>
    public static IReadOnlyList<CrawlRecord> Found { get; } =
    [
        new() { Endpoint = UdpEndpoint.Parse("192.0.2.1:1"), State = CrawlState.Visited, Id = NodeId.MinValue, RoundTrip = TimeSpan.FromMilliseconds(2), IsComplete = true, Since = StoredAt },
        new() { Endpoint = UdpEndpoint.Parse("192.0.2.2:2"), State = CrawlState.Unreachable, ClaimedIds = [NodeId.MaxValue] },
    ];

    public List<KeyValuePair<NodeId, StoredValue>> Imported { get; } = [];

    /// <summary>What an export reads; fails at its first value if it is null, and at a value that is null.</summary>
    public IReadOnlyList<KeyValuePair<NodeId, StoredValue>?>? Values { get; set; } = [KeyValuePair.Create(NodeId.MinValue, Held)];

    public Task BeforeValues { get; set; } = Task.CompletedTask;

    public TaskCompletionSource ExportBegun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A finished crawl, and those that were started.</summary>
    public List<CrawlReport> Crawls { get; } =
    [
        new()
        {
            Id = "20261101T000000000Z",
            Phase = CrawlPhase.Finished,
            StartedAt = StoredAt,
            EndedAt = StoredAt.AddHours(1),
            Rate = 200,
            MaxNodes = 9,
            Counts = new CrawlCounts(1, 1, 0, 1, 0, 0, 0),
            Summary = CrawlSummary.Of(Found),
            Change = new CrawlChange("20261031T000000000Z", 1, 2, 3, []),
            Sessions = new SessionLengths(2, TimeSpan.FromDays(2), [new SessionLength(TimeSpan.FromDays(1), 1)], 1, TimeSpan.FromDays(1)),
        },
    ];

    public TaskCompletionSource CrawlEnd { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Thrown by every call, if set.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Thrown when an entry is to be kept, if set.</summary>
    public Exception? AuditFailure { get; set; }

    /// <summary>The audit log, the oldest first.</summary>
    public ConcurrentQueue<AuditEntry> Audit { get; } = new();

    /// <summary>The calls in their order.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    private static Contact Near { get; } = new(NodeId.MaxValue, UdpEndpoint.Parse("192.0.2.1:8468"));

    public Task<KeyPage> ScanAsync(string prefix, NodeId? after, int count, CancellationToken cancellationToken = default)
    {
        AdminArguments.CheckPage(prefix, count);
        return NoteAsync($"scan '{prefix}' {after} {count}", new KeyPage([KeySummary.Of(NodeId.FromKey("key"), Held)], NodeId.FromKey("key")));
    }

    public Task<PublicationPage> ScanPublicationsAsync(NodeId? after, int count, CancellationToken cancellationToken = default) => NoteAsync(
        $"publications {after} {count}",
        new PublicationPage([new PublicationSummary(NodeId.FromKey("key"), Held.Value.Kind, Held.Value.ContentLength, StoredAt)], null));

    public Task<KeyDetails> DescribeKeyAsync(NodeId key, CancellationToken cancellationToken = default) => NoteAsync(
        $"describe {key}",
        new KeyDetails(
            key,
            key == NodeId.FromKey("key") ? Held : null,
            StoredAt,
            [new(Near, true, Held.Value), new(Near, true, "other"), new(Near, true, null), new(Near, false, null)]));

    public Task<KeyDeletion> DeleteAsync(NodeId key, CancellationToken cancellationToken = default) =>
        NoteAsync($"delete {key}", new KeyDeletion(key == NodeId.FromKey("key"), false));

    public Task<DhtUsage> GetUsageAsync(CancellationToken cancellationToken = default) =>
        NoteAsync("usage", new DhtUsage(3, 400, [new DhtShardUsage(0, 3, 400)], [1]));

    public Task<DhtSources> GetSourcesAsync(int count, CancellationToken cancellationToken = default) =>
        NoteAsync($"sources {count}", new DhtSources(
            new SourceRanking(9, 900, [new SourceTotals(Held.Source, 2, 600), new SourceTotals(SourceNetwork.Trusted, 4, 100)], 1, 150), [1]));

    public Task<TableDetails> GetTableAsync(NodeId? id = null, CancellationToken cancellationToken = default) => NoteAsync(
        $"table {id}",
        id is { } other && other != NodeId.MaxValue
            ? throw new ArgumentException($"The node id {other} is not this node's.")
            : TableDetails.Of(
                NodeId.MaxValue, [new BucketSummary(NodeId.MinValue, 0, 1, 2, StoredAt)], [Near with { Id = NodeId.FromKey("contact") }]));

    public Task<LookupTrace> TraceLookupAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken = default) => NoteAsync(
        $"lookup {target} {kind}",
        new LookupTrace(
            NodeId.MinValue,
            Samples.Lookup with { Target = target, Reason = TerminationReason.ValueFound, Closest = [Near], Value = Held.Value, Agreed = 1 },
            TimeSpan.FromMilliseconds(12.5),
            [
                new LookupQuery(Near with { Id = NodeId.MinValue }, null, 1, TimeSpan.Zero, null, QueryResult.Pending, 0, null),
                new LookupQuery(Near, 0, 2, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(3), QueryResult.Value, 0, Held.Value),
            ]));

    public Task<IReadOnlyList<EdgeDetails>> GetEdgesAsync(CancellationToken cancellationToken = default) => NoteAsync<IReadOnlyList<EdgeDetails>>(
        "edges",
        [new EdgeDetails("edge-<b>", EdgeLeaseState.Silent, [NodeId.MaxValue], [UdpEndpoint.Parse("192.0.2.9:8468")], 3, 7, StoredAt)]);

    public Task<bool> ChangeEdgeAsync(string name, EdgeAction action, CancellationToken cancellationToken = default) =>
        NoteAsync($"{action} {name}", name == "live" ? throw new ArgumentException("The edge 'live' is live.") : true);

    public Task<IReadOnlyList<ContactDetails>> GetContactAsync(NodeId id, CancellationToken cancellationToken = default) =>
        NoteAsync<IReadOnlyList<ContactDetails>>(
            $"contact {id}",
            [new ContactDetails(NodeId.MaxValue, new KnownContact(Near with { Id = id }, false, StoredAt, StoredAt.AddHours(1), 2))]);

    public Task<int> DropContactAsync(NodeId id, CancellationToken cancellationToken = default) =>
        NoteAsync($"drop {id}", id == NodeId.MaxValue ? 2 : 0);

    public Task<int> RunAsync(DhtWork work, CancellationToken cancellationToken = default) => NoteAsync($"run {work}", 4);

    public Task<ShardCount> GetShardsAsync(bool isDoubled = false, CancellationToken cancellationToken = default) =>
        NoteAsync($"shards {isDoubled}", new ShardCount(16, isDoubled ? 1 : null));

    public Task<IReadOnlyList<SiloDetails>> GetSilosAsync(CancellationToken cancellationToken = default) =>
        NoteAsync<IReadOnlyList<SiloDetails>>("silos", [
            new SiloDetails("S192.0.2.1:11111:7", "silo-<b>", "Active", StoredAt, StoredAt.AddHours(1), TimeSpan.FromSeconds(-20.125), "1.2.3", false, "clock skew", true),
            new SiloDetails("S192.0.2.2:11111:6", null, "Dead", null, StoredAt, null, null, false, null, false),
        ]);

    public Task<ShardDetails> FindShardAsync(NodeId key, CancellationToken cancellationToken = default) =>
        NoteAsync($"shard of {key}", new ShardDetails(5, "shard 0005", ["S192.0.2.1:11111:7"], ["S192.0.2.2:11111:6"]));

    public Task<ShardDetails> GetShardAsync(int number, CancellationToken cancellationToken = default) => NoteAsync(
        $"shard {number}",
        number < 16 ? new ShardDetails(number, $"shard {number:x4}", [], []) : throw new ArgumentException($"The shard is {number}; 0 to 15 is allowed."));

    public Task NoteAsync(AuditEntry entry, CancellationToken cancellationToken = default)
    {
        Audit.Enqueue(AuditFailure is { } failure ? throw failure : entry with { Number = Audit.Count });
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<AuditEntry>> ReadAuditAsync(int count, long? before = null, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<AuditEntry>>([.. Audit.Reverse().Where(entry => !(entry.Number >= before)).Take(count)]);

    public Task<BanList> GetBansAsync(CancellationToken cancellationToken = default) =>
        NoteAsync("bans", new BanList([new BanEntry(Ban.Parse("203.0.113.0/24"), StoredAt)], ["edge-<b>"]));

    public Task<BanChange> BanAsync(Ban ban, CancellationToken cancellationToken = default) => NoteAsync(
        $"ban {ban}",
        ban.Id == NodeId.MaxValue ? throw new ArgumentException("The ban is this DHT's own id.") : new BanChange(true, ["edge-2"]));

    public Task<BanChange> UnbanAsync(Ban ban, CancellationToken cancellationToken = default) =>
        NoteAsync($"unban {ban}", new BanChange(ban == Ban.Parse("203.0.113.0/24"), []));

    public Task<LimitList> GetLimitsAsync(CancellationToken cancellationToken = default)
    {
        var settings = new LimitValues(new StoreQuota(), new SourceLimits(), new UploadLimits(), 200);
        return NoteAsync("limits", new LimitList(
            LimitDetails.List(settings, [new LimitEntry("totalKeys", 7, StoredAt)], mostKeys: 5_000_000, isCluster: true), ["edge-<b>"]));
    }

    public Task<LimitChange> SetLimitAsync(string name, long? value, CancellationToken cancellationToken = default) => NoteAsync(
        $"set limit {name} {value}", value == 0 ? throw new ArgumentException("The limit is 0.") : new LimitChange(value != 7, ["edge-2"]));

    public Task<CrawlReport> StartCrawlAsync(CrawlRequest? request = null, CancellationToken cancellationToken = default)
    {
        AdminArguments.Check(request!);
        if (!Crawls.Any(crawl => crawl.Phase == CrawlPhase.Running))
        {
            Crawls.Insert(0, new CrawlReport { Id = "20261102T000000000Z", Phase = CrawlPhase.Running, StartedAt = StoredAt.AddDays(1), Rate = 200, MaxNodes = 9 });
        }

        return NoteAsync($"start {request!.Rate} {request.MaxNodes}", Crawls[0]);
    }

    public async IAsyncEnumerable<CrawlReport> CrawlAsync(
        string? id = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var crawl = Crawls.Single(crawl => crawl.Id == id);
        yield return crawl with { Datagrams = 1 };
        await CrawlEnd.Task.WaitAsync(cancellationToken);
        yield return crawl with { Phase = CrawlPhase.Stopped, Problem = "\u001b[2J" };
    }

    public Task<IReadOnlyList<CrawlReport>> GetCrawlsAsync(CancellationToken cancellationToken = default) =>
        NoteAsync<IReadOnlyList<CrawlReport>>("crawls", [.. Crawls]);

    public IAsyncEnumerable<CrawlRecord> ReadCrawlAsync(string id, CancellationToken cancellationToken = default) =>
        Found.ToAsyncEnumerable();

    public Task<bool> StopCrawlAsync(string id, CancellationToken cancellationToken = default) =>
        NoteAsync($"stop {id}", Crawls.Single(crawl => crawl.Id == id).Phase == CrawlPhase.Running);

    public async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ReadValuesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ExportBegun.TrySetResult();
        await BeforeValues;
        foreach (var value in Values ?? throw new DhtUnavailableException("The shard does not answer."))
        {
            yield return value ?? throw new DhtUnavailableException("The shard does not answer any more.");
        }
    }

    public Task<IReadOnlyList<StoreResult>> ImportAsync(
        IReadOnlyList<KeyValuePair<NodeId, StoredValue>> values, CancellationToken cancellationToken = default)
    {
        Imported.AddRange(values);
        return Task.FromResult<IReadOnlyList<StoreResult>>([.. values.Select(_ => StoreResult.Stored)]);
    }

    private Task<T> NoteAsync<T>(string call, T result)
    {
        Calls.Enqueue(Failure is { } failure ? throw failure : call);
        return Task.FromResult(result);
    }
}
