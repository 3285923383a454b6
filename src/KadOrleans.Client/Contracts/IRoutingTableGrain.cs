using Orleans.CodeGeneration;

namespace KadOrleans.Client;

// The routing table of one node id. Key: GrainKeys.RoutingTable. Edges read the snapshots that it pushes. The death of its silo loses
// the observations of 10 s to 10 min, a graceful stop none. Reminders have a live edge refresh buckets each hour and walk each 300 s.
[Alias("kad.IRoutingTableGrain")]
[Version(3)]
[OpenTo(Callers.Silos)]
internal interface IRoutingTableGrain : IGrainWithStringKey
{
    // Applies observations in order and returns what the edge should do. Not durable when it returns. If epoch is not the newest
    // that subscribed, another edge holds the id. Then it applies nothing and returns TableAnswer.IsFenced. Without observations it
    // only says which former contacts are to be asked again, as edges want to know each minute.
    [Alias("Observe")]
    [OpenTo(Callers.Clients)]
    ValueTask<TableAnswer> ObserveAsync(long epoch, IReadOnlyList<ContactObservation> observations);

    // Subscribes an edge to snapshots, the differences between them, and work, until a newer epoch subscribes or the edge fails to
    // take them. Edges renew it every minute; without a renewal it ends after three. Returns the newest snapshot, or null if its
    // version is the known one. Throws LeaseLostException for an older epoch.
    [Alias("SubscribeForChanges")]
    [OpenTo(Callers.Clients)]
    ValueTask<RoutingTableSnapshot?> SubscribeForChangesAsync(long epoch, IEdgeDesk edge, long known);

    /// <summary>Ends the subscription of a stopping edge and saves the table. Durable when it returns.</summary>
    [Alias("Unsubscribe")]
    [OpenTo(Callers.Clients)]
    ValueTask UnsubscribeAsync(long epoch);

    [Alias("GetSnapshot")]
    [OpenTo(Callers.Clients)]
    ValueTask<RoutingTableSnapshot> GetSnapshotAsync();

    [Alias("Describe")]
    ValueTask<IReadOnlyList<BucketSummary>> DescribeAsync();

    /// <summary>What the table knows of an id, for operators.</summary>
    [Alias("Find")]
    ValueTask<IReadOnlyList<TableContact>> FindAsync(NodeId id);

    /// <summary>The contacts that the table dropped as they did not answer, in the order they were lost.</summary>
    [Alias("GetFormer")]
    ValueTask<IReadOnlyList<TableContact>> GetFormerAsync();

    /// <summary>Drops an id, also from the replacement cache. Returns whether the table had it.</summary>
    [Alias("Drop")]
    [OpenTo(Callers.Silos, IsManagement = true)]
    ValueTask<bool> DropAsync(NodeId id);

    // Hands a refresh of all buckets, or a random walk, to the edge. Returns false without an edge, or if it has enough to do.
    [Alias("Run")]
    [OpenTo(Callers.Silos, IsManagement = true)]
    ValueTask<bool> RunAsync(bool isWalk);
}

[GenerateSerializer]
[Alias("kad.TableContact")]
internal sealed record TableContact(
    [property: Id(0)] Contact Contact,
    [property: Id(1)] bool IsReplacement,
    [property: Id(2)] DateTimeOffset FirstSeen,
    [property: Id(3)] DateTimeOffset LastSeen,
    [property: Id(4)] int Failures,
    [property: Id(5)] bool IsFormer)
{
    public static TableContact Of(KnownContact known) =>
        new(known.Contact, known.IsReplacement, known.FirstSeen, known.LastSeen, known.Failures, known.IsFormer);

    public KnownContact ToKnown() => new(Contact, IsReplacement, FirstSeen, LastSeen, Failures) { IsFormer = IsFormer };
}

// IsFenced: the edge no longer holds the id, and nothing was applied. Added: contacts that entered the table, for hand-off. Checks:
// contacts that the table wants pinged. The others are null but in the answer to no observations, and from silos that keep no former
// contacts: Former are those to ask now, HasLasting says whether the table has or had contacts that answered for some minutes, ApartSince
// when the longest silent of those that answered lately had answered before.
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.TableAnswer")]
internal sealed record TableAnswer(
    [property: Id(0)] bool IsFenced,
    [property: Id(1)] IReadOnlyList<Contact> Added,
    [property: Id(2)] IReadOnlyList<Contact> Checks,
    [property: Id(3)] long Version)
{
    [Id(4)]
    public IReadOnlyList<Contact>? Former { get; init; }

    [Id(5)]
    public bool HasLasting { get; init; }

    [Id(6)]
    public DateTimeOffset? ApartSince { get; init; }
}
