using System.Globalization;

namespace KadOrleans.Grains;

// The edges with live leases. Kept in memory only: after the loss of a silo renewals restore them. A monotonic clock measures
// leases, so setting the system's clock does not change them.
internal sealed class LiveEdges(TimeSpan leaseDuration, TimeProvider time)
{
    // Includes edges whose leases ended: they may still answer.
    private readonly Dictionary<string, HeardEdge> _edges = [];

    // The epochs handed back: a late renewal must not revive their leases.
    private readonly Dictionary<string, long> _released = [];

    private readonly long _began = time.GetTimestamp();

    public TimeSpan KnownFor => time.GetElapsedTime(_began);

    /// <summary>Whether all live edges are known: each renews within a lease.</summary>
    public bool IsComplete => KnownFor >= leaseDuration;

    public IReadOnlyList<string> Released => [.. _released.Keys];

    public void Set(LiveEdge edge, IReadOnlyCollection<SiloAddress> silos)
    {
        _released.Remove(edge.Name);
        _edges[edge.Name] = new HeardEdge(edge, time.GetTimestamp(), silos);
    }

    public void Release(string name, long epoch)
    {
        _edges.Remove(name);
        _released[name] = epoch;
    }

    public bool IsReleased(string name, long epoch) => _released.GetValueOrDefault(name) == epoch;

    /// <summary>The edge with this name, even if its lease ended. Null if it neither leased nor renewed since the start, or handed its lease back.</summary>
    public HeardEdge? Find(string name) => _edges.GetValueOrDefault(name);

    public bool IsAlive(string name) => _edges.TryGetValue(name, out var heard) && !IsOver(heard);

    public void Forget(string name)
    {
        _edges.Remove(name);
        _released.Remove(name);
    }

    public bool IsOver(HeardEdge edge) => time.GetElapsedTime(edge.Since) >= leaseDuration;

    public IReadOnlyList<NodeId>? IdsOf(string name, long epoch) =>
        _edges.TryGetValue(name, out var heard) && heard.Edge.Epoch == epoch ? heard.Edge.NodeIds : null;

    public IReadOnlyList<LiveEdge> GetAlive() => [.. _edges.Values.Where(heard => !IsOver(heard)).Select(heard => heard.Edge)];
}

/// <summary>An edge as it last leased or renewed, at a timestamp of the clock, and the silos that were active then.</summary>
internal sealed record HeardEdge(LiveEdge Edge, long Since, IReadOnlyCollection<SiloAddress> Silos);

/// <summary>Finds out whether the holder of a name lives, or may be cut off by the loss of a silo.</summary>
internal sealed class EdgeHolders(ISiloStatusOracle silos, IGrainFactory grains, ILogger<EdgeHolders> logger)
{
    // The prefix of the observer keys of a client within a silo.
    private const string Hosted = "hosted-";
    private const char Separator = '+';

    private static readonly TimeSpan Timeout = TimeSpan.Parse(IEdgeObserver.ConfirmTimeout, CultureInfo.InvariantCulture);

    public IReadOnlyCollection<SiloAddress> ActiveSilos => silos.GetApproximateSiloStatuses(onlyActive: true).Keys;

    /// <summary>The key that identifies a holder. Each process has a different one.</summary>
    public static string KeyOf(IEdgeObserver edge) => edge.GetGrainId().Key.ToString()!;

    public Task<bool> AnswersAsync(LiveEdge edge) =>
        SucceedsAsync(edge.Observer.ConfirmAsync, message => logger.HolderSilent(edge.Name, edge.Epoch, message));

    // Whether all these silos are still active and every active silo answers a call. If so, the silos know the routes to all
    // edges heard since. Then an edge that does not answer is gone.
    public async Task<bool> AreAllWellAsync(IReadOnlyCollection<SiloAddress> since)
    {
        var active = ActiveSilos;
        return since.All(active.Contains) && await SucceedsAsync(
            () => grains.GetGrain<IManagementGrain>(0).GetRuntimeStatistics([.. active]).WaitAsync(Timeout), logger.SiloSilent);
    }

    public bool IsWithinDeadSilo(string? holder) =>
        holder?.StartsWith(Hosted, StringComparison.Ordinal) == true
        && SiloAddress.TryParse(holder.Split(Separator)[0][Hosted.Length..], CultureInfo.InvariantCulture, out var silo)
        && silos.IsDeadSilo(silo);

    private static async Task<bool> SucceedsAsync(Func<Task> call, Action<string> log)
    {
        try
        {
            await call();
            return true;
        }
        catch (Exception e)
        {
            log(e.Message);
            return false;
        }
    }
}

[GenerateSerializer]
[Alias("kad.EdgeDirectoryState")]
internal sealed class EdgeDirectoryState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    [Id(1)]
    public Dictionary<string, EdgeState> Edges { get; set; } = [];
}

// A name that edges have used. Epoch: of its newest lease. NodeIds: in the order of the edge's ports, each of 40 hexadecimal digits.
// Holder: the key of the observer that leased them; null if unknown. IsReleased: whether the lease was handed back. LastSeen: when an
// edge of this name was last live, to within ForgottenNames.NotePeriod; null if it is unknown. IsDrained: whether an operator drained
// the name.
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.EdgeState")]
internal sealed record EdgeState(
    [property: Id(0)] long Epoch,
    [property: Id(1)] List<string> NodeIds,
    [property: Id(2)] string? Holder = null,
    [property: Id(3)] bool IsReleased = false,
    [property: Id(4)] DateTimeOffset? LastSeen = null,
    [property: Id(5)] bool IsDrained = false);

// Decides which names are forgotten with their ids. Otherwise edges with generated names would make the state grow without end.
internal static class ForgottenNames
{
    // A name is forgotten this long after its last live edge. If it is too short, an edge that was off for long gets other ids when
    // it returns, and its contacts have to learn them.
    public static readonly TimeSpan Life = TimeSpan.FromDays(30);

    /// <summary>How often the time of a live edge is noted. One write of the state notes all.</summary>
    public static readonly TimeSpan NotePeriod = TimeSpan.FromDays(1);

    public static bool IsNoteDue(EdgeState edge, DateTimeOffset now) => edge.LastSeen is not { } last || now - last >= NotePeriod;

    /// <summary>The entries as they are to be written now: live edges noted, names that are gone left out unless they are drained.</summary>
    public static Dictionary<string, EdgeState> Update(
        IReadOnlyDictionary<string, EdgeState> edges, Func<string, bool> isLive, DateTimeOffset now)
    {
        return edges.Select(edge => KeyValuePair.Create(edge.Key, edge.Value with { LastSeen = SeenAt(edge.Key, edge.Value) }))
            .Where(edge => now - edge.Value.LastSeen < Life || edge.Value.IsDrained).ToDictionary();

        // A time in the future came from a wrong clock.
        DateTimeOffset SeenAt(string name, EdgeState edge) => isLive(name) || edge.LastSeen is not { } last || last > now ? now : last;
    }
}
