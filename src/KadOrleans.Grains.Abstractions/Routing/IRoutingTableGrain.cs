using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Grains.Abstractions.Edges;
using Orleans.CodeGeneration;

namespace KadOrleans.Grains.Abstractions.Routing;

/// <summary>
/// The routing table of one node id. Key: <see cref="GrainKeys.RoutingTable"/>. It is the truth; edges answer from the
/// snapshots it pushes. It saves behind: at most 10 s of observations are lost when its silo dies, none at a graceful
/// stop. It owns the reminders that have a live edge refresh lonely buckets each hour and walk at random each 300 s.
/// </summary>
[Alias("kad.IRoutingTableGrain")]
[Version(0)]
internal interface IRoutingTableGrain : IGrainWithStringKey
{
    /// <summary>
    /// Applies observations in their order and says what the edge should now do. Not durable when it returns. Answers
    /// <see cref="TableAnswer.IsFenced"/> without applying anything if <paramref name="epoch"/> is not the newest that
    /// subscribed: another edge holds the id.
    /// </summary>
    [Alias("Observe")]
    ValueTask<TableAnswer> ObserveAsync(long epoch, IReadOnlyList<ContactObservation> observations);

    /// <summary>
    /// Makes an edge the one that is pushed snapshots and handed work, until a newer epoch subscribes or it fails to
    /// take them. Called again every minute: a registration that is not renewed ends after three. Answers the newest
    /// snapshot; throws <see cref="LeaseLostException"/> for an older epoch.
    /// </summary>
    [Alias("Subscribe")]
    ValueTask<RoutingTableSnapshot> SubscribeAsync(long epoch, IEdgeObserver edge);

    /// <summary>Ends a subscription, and saves: called when an edge stops in good order. Durable when it returns.</summary>
    [Alias("Unsubscribe")]
    ValueTask UnsubscribeAsync(long epoch);

    /// <summary>The newest snapshot.</summary>
    [Alias("GetSnapshot")]
    ValueTask<RoutingTableSnapshot> GetSnapshotAsync();

    /// <summary>The buckets, for people to look at.</summary>
    [Alias("Describe")]
    ValueTask<IReadOnlyList<BucketSummary>> DescribeAsync();
}

/// <summary>What a routing table decided on a batch of observations.</summary>
[GenerateSerializer]
[Alias("kad.TableAnswer")]
internal sealed record TableAnswer
{
    /// <summary>The edge no longer holds the id; nothing was applied.</summary>
    [Id(0)]
    public bool IsFenced { get; init; }

    /// <summary>Contacts that entered the table, to be handed the values that belong there.</summary>
    [Id(1)]
    public IReadOnlyList<Contact> Added { get; init; } = [];

    /// <summary>Contacts that the table wants pinged.</summary>
    [Id(2)]
    public IReadOnlyList<Contact> Checks { get; init; } = [];

    /// <summary>The table's version behind the batch.</summary>
    [Id(3)]
    public long Version { get; init; }
}
