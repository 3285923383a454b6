using static KadOrleans.Cluster.Tests.Grains.ClusterFixture;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Stored states have the bytes of their schema version. Each line: a name, and the state in base 64.</summary>
public class GoldenStateTests
{
    private static readonly DateTimeOffset StoredAt = new(2024, 2, 29, 12, 34, 56, 789, TimeSpan.Zero);

    private static readonly Entry[] Changes =
    [
        new(NodeId.FromKey("text"), Value(DhtValue.FromString("Grüße, 世界"), SourceNetwork.Trusted)),
        new(NodeId.FromKey("lowest"), Value(DhtValue.FromInteger(long.MinValue), new SourceNetwork(0, 0xFFFF_CB00_7105))),
        new(NodeId.FromKey("highest"), Value(DhtValue.FromInteger(ulong.MaxValue), SourceNetwork.Trusted)),
        new(NodeId.FromKey("minus zero"), Value(DhtValue.FromFloat(-0.0), SourceNetwork.Trusted)),
        new(NodeId.FromKey("yes"), Value(DhtValue.FromBoolean(true), SourceNetwork.Trusted)),
        new(NodeId.FromKey("bytes"), Value(DhtValue.FromBytes([0, 1, 0xFE, 0xFF]), SourceNetwork.Trusted)),
        new(NodeId.MaxValue, null),
        new(NodeId.FromKey("published"), Value(DhtValue.FromString("v"), SourceNetwork.Trusted) with { PublishedAt = StoredAt.AddDays(1) }),
        new(NodeId.FromKey("far"), Value(DhtValue.FromString("v"), SourceNetwork.Trusted) with { IsFar = true }),
        new(NodeId.FromKey("both"), Value(DhtValue.FromString("v"), SourceNetwork.Trusted) with { IsFar = true, PublishedAt = StoredAt.AddDays(1) }),
        new(NodeId.FromKey("authored"), Value(DhtValue.FromString("v"), SourceNetwork.Trusted) with { IsAuthored = true }),
        new(NodeId.FromKey("proven"), Value(DhtValue.FromString("v"), new SourceNetwork(0x2001_0DB8_0000_0001, 0).WithProof(true))),
        new(
            NodeId.FromKey("all"),
            Value(DhtValue.FromString("v"), new SourceNetwork(0, 0xFFFF_CB00_7105).WithProof(true)) with
            {
                IsFar = true, IsAuthored = true, PublishedAt = StoredAt.AddDays(1),
            }),
    ];

    private static readonly Dictionary<string, EdgeState> Edges = new()
    {
        ["edge-0"] = new(7, [NodeId.FromKey("one").ToString()]),
        ["edge-1"] = new(2, [NodeId.FromKey("four").ToString()], "hosted-127.0.0.1:11111@5+6"),
        ["edge-2"] = new(3, [NodeId.FromKey("five").ToString()], "7+8", IsReleased: true),
        ["edge-3"] = new(4, [NodeId.FromKey("six").ToString(), NodeId.FromKey("seven").ToString()], "7+9", Count: 1, IsLive: true),
    };

    private static readonly KademliaOptions Constants = new()
    {
        BucketSize = 8,
        LookupConcurrency = 5,
        DisjointPaths = 2,
        SplitDepth = 4,
        ReplacementCacheSize = 40,
        FailuresBeforeDrop = 3,
        ValueTimeToLive = TimeSpan.FromDays(1),
        BucketRefreshInterval = TimeSpan.FromMinutes(30),
        RepublishInterval = TimeSpan.FromMinutes(20),
        PublishInterval = TimeSpan.FromHours(6),
    };

    private static readonly Dictionary<string, object> States = new()
    {
        ["cluster"] = new ClusterState { ShardBits = 12, Kademlia = Constants, BitsInUse = 13, IsDoubling = true, ClusterId = "kad" },
        ["edges"] = new EdgeDirectoryState
        {
            Edges = Edges,
        },
        ["table"] = new TableState
        {
            Activations = 3,
            Epoch = 7,
            Buckets =
            [
                new BucketState(
                    NodeId.MinValue.ToString(),
                    1,
                    StoredAt,
                    [new ContactState(NodeId.FromKey("two").ToString(), "[2001:db8::7]:65535", StoredAt, 1, null)],
                    [new ContactState(NodeId.FromKey("three").ToString(), "198.51.100.7:8468", StoredAt, 0, null)]),
            ],
        },
        ["manifest"] = new ShardManifestState
        {
            Compaction = 5,
            FirstSequence = 97,
            Pages = [new ShardPageReference(2, 5)],
            Seal = 99,
            LastVersion = 13,
            Owner = 12,
        },
        ["page"] = new ShardPageState { Compaction = 5, Entries = EntryCodec.Encode(Changes) },
        ["log"] = new ShardLogState { Sequence = 97, Attempt = 11, Entries = EntryCodec.Encode(Changes), IsSeal = true, LastVersion = 13, Owner = 12 },
        ["rules"] = new RulesState
        {
            Version = 7,
            Bans = [new BanState("203.0.113.0/24", StoredAt), new BanState(new string('f', 40), StoredAt.AddDays(1))],
        },
        ["limits"] = new LimitsState { Version = 3, Limits = [new LimitState("totalKeys", 500_000, StoredAt)] },
        ["audit"] = new AuditPageState { First = 50, Entries = [new AuditEntryState(StoredAt, "operator", "ban", "203.0.113.0/24", true, "banned")] },
    };

    [Fact]
    public void States_have_the_bytes_of_their_schema_version()
    {
        GoldenFile.Check(
            "states.txt",
            States.Select(state => $"{state.Key} {Convert.ToBase64String(Serializer.SerializeToArray(state.Value))}"),
            "Bytes of stored states changed: raise StateSchema.Version.");
        Assert.All(States.Values, state => Deep.Equal(state, Serializer.Deserialize<object>(Serializer.SerializeToArray(state))));
        Assert.Equal(Changes, EntryCodec.Decode(EntryCodec.Encode(Changes)));
    }

    private static StoredValue Value(DhtValue value, SourceNetwork source) => new(value, StoredAt, StoredAt.AddDays(7), source);
}
