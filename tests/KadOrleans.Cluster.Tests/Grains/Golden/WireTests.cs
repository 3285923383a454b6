using Orleans.Serialization.Invocation;
using static KadOrleans.Cluster.Tests.Grains.ClusterFixture;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>
/// The bytes of what processes of different releases say to each other. The ids of members alone do not tell them: Orleans writes the
/// parameters of a record otherwise than properties.
/// </summary>
public sealed class WireTests
{
    private static readonly DateTimeOffset Time = new(2024, 2, 29, 12, 34, 56, TimeSpan.Zero);

    private static readonly Contact Near = new(NodeId.FromKey("near"), UdpEndpoint.Parse("203.0.113.1:8468"));

    private static readonly BucketRange Range = new(NodeId.FromKey("range").Prefix(3), 3);

    private static readonly LookupOutcome Lookup = new()
    {
        Target = default,
        Reason = TerminationReason.RequestLimit,
        Closest = [Near],
        Asked = 3,
        Answered = 2,
        Failed = 1,
        Hops = 4,
        Agreed = 5,
        Differed = 6,
        Crowded = 7,
    };

    private static IEnumerable<(string Name, Response Response)> Said =>
    [
        ("NodeId", Response.FromResult(Near.Id)),
        ("UdpEndpoint", Response.FromResult(Near.Endpoint)),
        ("Contact", Response.FromResult(Near)),
        ("String", Response.FromResult(DhtValue.FromString("text"))),
        ("Integer", Response.FromResult(DhtValue.FromInteger(-7))),
        ("Float", Response.FromResult(DhtValue.FromFloat(0.5))),
        ("Boolean", Response.FromResult(DhtValue.FromBoolean(true))),
        ("Bytes", Response.FromResult(DhtValue.FromBytes(new byte[] { 1, 2 }))),
        ("SourceNetwork", Response.FromResult(new SourceNetwork(1, 2))),
        ("StoredValue", Response.FromResult(new StoredValue("text", Time, Time.AddDays(1), new SourceNetwork(1, 2)) { PublishedAt = Time, IsFar = true })),
        ("SourceNetwork-proven", Response.FromResult(new SourceNetwork(1, 2).WithProof(true))),
        ("StoredValue-authored", Response.FromResult(
            new StoredValue("text", Time, Time.AddDays(1), new SourceNetwork(1, 2).WithProof(true)) { IsAuthored = true })),
        ("StoredValue-kept", Response.FromResult(new StoredValue("text", Time, Time.AddDays(1), default) { IsKept = true })),
        ("KeyRegion", Response.FromResult(new KeyRegion(Near.Id, Range.Prefix))),
        ("BucketRange", Response.FromResult(Range)),
        ("BucketRoom", Response.FromResult(new BucketRoom(Range, true))),
        ("BucketRoom-full", Response.FromResult(new BucketRoom(Range, false) { IsFull = true })),
        ("RoutingTableSnapshot", Response.FromResult(new RoutingTableSnapshot(Near.Id, 5, [Near], [new BucketRoom(Range, true)]))),
        ("SnapshotChange", Response.FromResult(new SnapshotChange(Near.Id, 5, 6, [Near.Id], [Near], [new BucketRoom(Range, false)]))),
        ("BucketSummary", Response.FromResult(new BucketSummary(Range.Prefix, 3, 4, 5, Time))),
        ("ContactObservation", Response.FromResult(ContactObservation.Answered(Near))),
        ("KademliaOptions", Response.FromResult(new KademliaOptions { BucketSize = 8, PublishInterval = TimeSpan.FromHours(3) })),
        ("LookupOutcome", Response.FromResult(Lookup)),
        ("GetResult", Response.FromResult(new GetResult("text", Lookup with { Value = "text" }))),
        ("GetResult-none", Response.FromResult(new GetResult(null, null))),
        ("SetResult", Response.FromResult(new SetResult { Local = StoreResult.Outdated, Stored = 1, Refused = 2, Failed = 3, Lookup = Lookup })),
        ("SetResult-older", Response.FromResult(new SetResult { Local = StoreResult.OlderItem, HeldSeq = 8 })),
        ("SetResult-none", Response.FromResult(new SetResult())),
        ("PingResult", Response.FromResult(new PingResult(NodeId.FromKey("pinged"), null, TimeSpan.FromMilliseconds(5)))),
        ("PingResult-none", Response.FromResult(new PingResult(null, RequestFailure.TimedOut, TimeSpan.FromSeconds(5)))),
        ("KeyHolder", Response.FromResult<IReadOnlyList<KeyHolder>>([new KeyHolder(Near, true, "held"), new KeyHolder(Near, false, null)])),
        ("LookupTrace", Response.FromResult(new LookupTrace(
            NodeId.FromKey("own"),
            Lookup with { Value = "held" },
            TimeSpan.FromSeconds(1),
            [
                new LookupQuery(Near, 4, 2, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), QueryResult.Contacts, 6, "held"),
                new LookupQuery(Near, null, 2, TimeSpan.FromSeconds(2), null, QueryResult.Failed, 6, null),
            ]))),
        ("SweepProgress", Response.FromResult(new SweepProgress
        {
            At = Time, IsLooking = true, BegunAt = Time.AddMinutes(-9), Values = 10, Waiting = 5, Republished = 3, Published = 2, Regions = 4,
            RegionsDone = 1, Lateness = TimeSpan.FromMinutes(6), Overdue = TimeSpan.FromMinutes(7), OverdueLimit = TimeSpan.FromMinutes(15), LeftOut = 8,
        })),
        ("NameUse", Response.FromResult(NameUse.Held)),
        ("LeaseRenewal", Response.FromResult(LeaseRenewal.Ended)),
        ("EdgeDrainedException", Response.FromException(new EdgeDrainedException("drained"))),
        ("LeaseLostException", Response.FromException(new LeaseLostException("lost"))),
        ("NoLiveEdgeException", Response.FromException(new NoLiveEdgeException("none"))),
        ("ShardUnavailableException", Response.FromException(new ShardUnavailableException("away", new TimeoutException("late")))),
    ];

    [Fact]
    public void What_processes_say_to_each_other_has_its_bytes() => GoldenFile.Check(
        "wire.txt",
        Said.Select(said => $"{said.Name} {Convert.ToBase64String(Serializer.SerializeToArray<object>(said.Response))}"),
        "Bytes between silos, edges and clients changed: one build does not understand another then. Say so in CHANGELOG.md.");
}
