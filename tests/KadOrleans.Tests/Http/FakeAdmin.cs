using System.Runtime.CompilerServices;

namespace KadOrleans.Tests.Http;

/// <summary>A management that holds one key, and notes its calls.</summary>
internal sealed class FakeAdmin
{
    private static readonly Contact Near = new(NodeId.MaxValue, UdpEndpoint.Parse("192.0.2.1:8468"));

    public FakeAdmin() => Api = Fake.Of<IDhtAdmin>(Answer);

    public static DateTimeOffset StoredAt { get; } = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    public static StoredValue Held { get; } = new(
        "<b>\u001b[2J", StoredAt, StoredAt.AddDays(1), SourceNetwork.Of(UdpEndpoint.Parse("192.0.2.7:1")));

    /// <summary>What the crawls found.</summary>
    public static IReadOnlyList<CrawlRecord> Found { get; } =
    [
        new() { Endpoint = UdpEndpoint.Parse("192.0.2.1:1"), State = CrawlState.Visited, Id = NodeId.MinValue, RoundTrip = TimeSpan.FromMilliseconds(2), IsComplete = true, Since = StoredAt },
        new() { Endpoint = UdpEndpoint.Parse("192.0.2.2:2"), State = CrawlState.Unreachable, ClaimedIds = [NodeId.MaxValue] },
    ];

    public IDhtAdmin Api { get; }

    /// <summary>Those that do not follow all limits.</summary>
    public IReadOnlyList<string> Unfollowing { get; set; } = ["edge-<b>"];

    public List<KeyValuePair<NodeId, StoredValue>> Imported { get; } = [];

    /// <summary>The imports that are taken before one fails.</summary>
    public int ImportsTaken { get; set; } = int.MaxValue;

    public IReadOnlyList<EdgeDetails> Edges { get; set; } =
        [new EdgeDetails("edge-<b>", EdgeLeaseState.Silent, [NodeId.MaxValue], [UdpEndpoint.Parse("192.0.2.9:8468")], 3, 7, StoredAt)];

    public IReadOnlyList<SiloDetails> Silos { get; set; } =
    [
        new("S192.0.2.1:11111:7", "silo-<b>", "Active", StoredAt, StoredAt.AddHours(1), TimeSpan.FromSeconds(-20.125), "1.2.3", false, "clock skew", true)
        {
            Shards = 16, ResidentBytes = 300_000_000,
        },
        new("S192.0.2.2:11111:6", null, "Dead", null, StoredAt, null, null, false, null, false)
        {
            End = SiloEnd.DeclaredDead, EndedAt = StoredAt, IsLost = true,
        },
    ];

    /// <summary>What an export reads; fails at its first value if it is null, and at a value that is null.</summary>
    public IReadOnlyList<KeyValuePair<NodeId, StoredValue>?>? Values { get; set; } = [KeyValuePair.Create(NodeId.MinValue, Held)];

    /// <summary>Whether an export goes on until its reader is gone.</summary>
    public bool EndlessValues { get; set; }

    public Task BeforeValues { get; set; } = Task.CompletedTask;

    public TaskCompletionSource ExportBegun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource ExportEnded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

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

    /// <summary>Thrown by every call that is noted, if set.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Thrown when an entry is to be kept, if set.</summary>
    public Exception? AuditFailure { get; set; }

    /// <summary>Until when the item of any key is kept.</summary>
    public DateTimeOffset? KeptUntil { get; set; }

    /// <summary>When a value is due next.</summary>
    public DateTimeOffset? NextDue { get; set; }

    /// <summary>The audit log, the oldest first.</summary>
    public ConcurrentQueue<AuditEntry> Audit { get; } = new();

    /// <summary>The calls in their order: the method without Async, and its arguments.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    private object Answer(string method, object?[] args)
    {
        switch (method)
        {
            case nameof(IDhtAdmin.RecordAsync):
                Audit.Enqueue(AuditFailure is { } failure ? throw failure : (AuditEntry)args[0]! with { Number = Audit.Count });
                return Task.CompletedTask;
            case nameof(IDhtAdmin.ReadAuditAsync):
                return Of<IReadOnlyList<AuditEntry>>([.. Audit.Reverse().Where(entry => !(entry.Number >= (long?)args[1])).Take((int)args[0]!)]);
            case nameof(IDhtAdmin.FindKeptAsync):
                return Of(KeptUntil);
            case nameof(IDhtAdmin.FindNextDueAsync):
                return Of(NextDue);
            case nameof(IDhtAdmin.ReadValuesAsync):
                return ReadValuesAsync();
            case nameof(IDhtAdmin.ImportAsync):
                var values = (IReadOnlyList<KeyValuePair<NodeId, StoredValue>>)args[0]!;
                Calls.Enqueue(ImportsTaken-- > 0 ? $"Import {values.Count}" : throw new DhtUnavailableException("It is away."));
                Imported.AddRange(values);
                return Of<IReadOnlyList<StoreResult>>([.. values.Select(_ => StoreResult.Stored)]);
            default:
                Calls.Enqueue(Failure is { } problem ? throw problem : $"{method[..^5]} {string.Join(' ', args.SkipLast(1))}");
                return Respond(method, args, args[0]);
        }
    }

    private object Respond(string method, object?[] args, object? first) => method switch
    {
        nameof(IDhtAdmin.ScanAsync) => Of(Scan((string)first!, (int)args[2]!)),
        nameof(IDhtAdmin.ScanPublicationsAsync) => Of(new PublicationPage(
            [new PublicationSummary(NodeId.FromKey("key"), Held.Value.Kind, Held.Value.ContentLength, StoredAt)], null)),
        nameof(IDhtAdmin.DescribeKeyAsync) => Of(new KeyDetails(
            (NodeId)first!,
            KeptUntil is { } until ? Held with { IsKept = true, ExpiresAt = until } : (NodeId)first == NodeId.FromKey("key") ? Held : null,
            StoredAt,
            [new(Near, true, Held.Value), new(Near, true, "other"), new(Near, true, null), new(Near, false, null)])),
        nameof(IDhtAdmin.DeleteAsync) => Of(new KeyDeletion((NodeId)first! == NodeId.FromKey("key"), false)),
        nameof(IDhtAdmin.GetUsageAsync) => Of(new DhtUsage(3, 400, [new DhtShardUsage(0, 3, 400) { Kept = 2 }], [1]) { Kept = 2, MostKept = 100 }),
        nameof(IDhtAdmin.GetSourcesAsync) => Of(new DhtSources(
            new SourceRanking(9, 900, [new SourceTotals(Held.Source, 2, 600), new SourceTotals(SourceNetwork.Trusted, 4, 100)], 1, 150), [1])),
        nameof(IDhtAdmin.GetTableAsync) when first is not null && (NodeId)first != NodeId.MaxValue =>
            throw new ArgumentException($"The node id {first} is not this node's."),
        nameof(IDhtAdmin.GetTableAsync) => Of(TableDetails.Of(
            NodeId.MaxValue, [new BucketSummary(NodeId.MinValue, 0, 1, 2, StoredAt)], [Near with { Id = NodeId.FromKey("contact") }])),
        nameof(IDhtAdmin.TraceLookupAsync) => Of(new LookupTrace(
            NodeId.MinValue,
            Samples.Lookup with { Target = (NodeId)first!, Reason = TerminationReason.ValueFound, Closest = [Near], Value = Held.Value, Agreed = 1 },
            TimeSpan.FromMilliseconds(12.5),
            [
                new LookupQuery(Near with { Id = NodeId.MinValue }, null, 1, TimeSpan.Zero, null, QueryResult.Pending, 0, null),
                new LookupQuery(Near, 0, 2, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(3), QueryResult.Value, 0, Held.Value),
            ])),
        nameof(IDhtAdmin.GetEdgesAsync) => Of(Edges),
        nameof(IDhtAdmin.ChangeEdgeAsync) => Of(first is "live" ? throw new ArgumentException("The edge 'live' is live.") : true),
        nameof(IDhtAdmin.GetContactAsync) => Of<IReadOnlyList<ContactDetails>>(
            [new ContactDetails(NodeId.MaxValue, new KnownContact(Near with { Id = (NodeId)first! }, false, StoredAt, StoredAt.AddHours(1), 2))]),
        nameof(IDhtAdmin.DropContactAsync) => Of((NodeId)first! == NodeId.MaxValue ? 2 : 0),
        nameof(IDhtAdmin.RunAsync) => Of(4),
        nameof(IDhtAdmin.GetShardsAsync) => Of(new ShardCount(16, null)),
        nameof(IDhtAdmin.DoubleShardsAsync) => Of(first is 16 ? new ShardCount(16, 1) : throw new ArgumentException($"The cluster has 16 shards, not {first}.")),
        nameof(IDhtAdmin.GetSilosAsync) => Of(Silos),
        nameof(IDhtAdmin.FindShardAsync) => Of(new ShardDetails(5, "shard 5", ["S192.0.2.1:11111:7"], ["S192.0.2.2:11111:6"])),
        nameof(IDhtAdmin.GetShardAsync) => Of(first is < 16
            ? new ShardDetails((int)first, $"shard {first:x4}", [], [])
            : throw new ArgumentException($"The shard is {first}; 0 to 15 is allowed.")),
        nameof(IDhtAdmin.GetBansAsync) => Of(new BanList([new BanEntry(Ban.Parse("203.0.113.0/24"), StoredAt)], ["edge-<b>"])),
        nameof(IDhtAdmin.BanAsync) => Of(((Ban)first!).Id == NodeId.MaxValue
            ? throw new ArgumentException("The ban is this DHT's own id.")
            : new BanChange(true, ["edge-2"])),
        nameof(IDhtAdmin.UnbanAsync) => Of(new BanChange((Ban)first! == Ban.Parse("203.0.113.0/24"), [])),
        nameof(IDhtAdmin.GetLimitsAsync) => Of(new LimitList(
            LimitDetails.List(
                new LimitValues(new StoreQuota(), new SourceLimits(), new UploadLimits(), 200),
                [new LimitEntry("totalKeys", 7, StoredAt)],
                mostKeys: 5_000_000,
                isCluster: true),
            Unfollowing)),
        nameof(IDhtAdmin.SetLimitAsync) => Of(args[1] is 0L
            ? throw new ArgumentException("The limit is 0.")
            : new LimitChange(args[1] is not 7L, ["edge-2"])),
        nameof(IDhtAdmin.StartCrawlAsync) => Of(StartCrawl((CrawlRequest)first!)),
        nameof(IDhtAdmin.CrawlAsync) => CrawlAsync(Crawls.Single(crawl => crawl.Id == (string?)first), (CancellationToken)args[1]!),
        nameof(IDhtAdmin.GetCrawlsAsync) => Of<IReadOnlyList<CrawlReport>>([.. Crawls]),
        nameof(IDhtAdmin.ReadCrawlAsync) => Found.ToAsyncEnumerable(),
        nameof(IDhtAdmin.StopCrawlAsync) => Of(Crawls.Single(crawl => crawl.Id == (string?)first).Phase == CrawlPhase.Running),
        _ => throw new NotSupportedException(method),
    };

    private static Task<T> Of<T>(T result) => Task.FromResult(result);

    private static KeyPage Scan(string prefix, int count)
    {
        AdminArguments.CheckPage(prefix, count);
        return new KeyPage([KeySummary.Of(NodeId.FromKey("key"), Held)], NodeId.FromKey("key"));
    }

    private CrawlReport StartCrawl(CrawlRequest request)
    {
        AdminArguments.Check(request);
        if (!Crawls.Any(crawl => crawl.Phase == CrawlPhase.Running))
        {
            Crawls.Insert(0, new CrawlReport { Id = "20261102T000000000Z", Phase = CrawlPhase.Running, StartedAt = StoredAt.AddDays(1), Rate = 200, MaxNodes = 9 });
        }

        return Crawls[0];
    }

    private async IAsyncEnumerable<CrawlReport> CrawlAsync(CrawlReport crawl, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return crawl with { Datagrams = 1 };
        await CrawlEnd.Task.WaitAsync(cancellationToken);
        yield return crawl with { Phase = CrawlPhase.Stopped, Problem = "\u001b[2J" };
    }

    private async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ReadValuesAsync()
    {
        ExportBegun.TrySetResult();
        try
        {
            await BeforeValues;
            while (EndlessValues)
            {
                yield return KeyValuePair.Create(NodeId.MinValue, Held);
            }

            foreach (var value in Values ?? throw new DhtUnavailableException("The shard does not answer."))
            {
                yield return value ?? throw new DhtUnavailableException("The shard does not answer any more.");
            }
        }
        finally
        {
            ExportEnded.TrySetResult();
        }
    }
}
