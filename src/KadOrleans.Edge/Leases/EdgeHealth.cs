using System.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KadOrleans.Edge;

/// <summary>
/// The state of this process's edge, and a health check of it: <c>AddHealthChecks().AddCheck&lt;EdgeHealth&gt;("edge")</c>. Safe for several
/// threads; reading neither blocks nor calls a silo.
/// </summary>
public sealed class EdgeHealth : IHealthCheck
{
    /// <summary>An edge without a silo's response for this long is not ready. Renewals are 10 s apart, so one may be slow.</summary>
    internal static readonly TimeSpan SilenceTimeout = TimeSpan.FromSeconds(15);

    internal const string Failing = "No shard took a value of late: no STORE is acknowledged until one does.";

    private readonly KadEdgeOptions _options;
    private readonly TimeProvider _time;
    private readonly ClockWatch _clock;
    private readonly TaskCompletionSource _leaseLost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _answeredAt = long.MinValue;
    private volatile EdgeSession? _session;
    private volatile EdgePhase _state;
    private volatile string _waitsFor = "it waits for a silo";
    private volatile string? _ended;

    internal EdgeHealth(KadEdgeOptions options, TimeProvider time, ClockWatch clock) => (_options, _time, _clock) = (options, time, clock);

    internal EdgePhase State => _state;

    /// <summary>
    /// Whether it serves its network: <see cref="Obstacle"/> is null. An edge without bootstrap nodes that never had a contact needs none, as a network's first has
    /// none. One that had some and has none is cut off from its network.
    /// </summary>
    public bool IsReady => Obstacle is null;

    /// <summary>What keeps the edge from serving, in a few words. Null: nothing.</summary>
    public string? Obstacle => _state switch
    {
        EdgePhase.Waiting => _waitsFor,
        EdgePhase.LeaseLost => "another process took the name",
        EdgePhase.Stopped => "it stopped",
        _ when _ended is { } ended => $"a part of it failed: {ended}; the log says why, and a restart mends it",
        EdgePhase.CutOff => "the silos do not answer",
        _ when !(SinceAnswer < SilenceTimeout) => "the silos do not answer",
        _ when _clock.IsSkewed => $"clock skew: its clock and the silos' are more than {ClockComparison.Bound.TotalSeconds} s apart",
        _ when _session is { } session && LocalAddress.FindProblem(session.Nodes.SelectMany(static node => node.LocalEndpoints)) is { } problem => problem,
        _ when _session is { HasGoodContact: true } => null,
        _ when _options.Bootstrap.Count == 0 && _session is not { HasHadContacts: true } => null,
        _ when _session is { Contacts: > 0 } => "no contact answers",
        EdgePhase.Serving => "it has no contact",
        _ => throw new UnreachableException($"The edge is {_state}."),
    };

    /// <summary>
    /// Completes when another process took the edge's name: this one stops serving for good. A process that is only an edge should then end.
    /// </summary>
    public Task LeaseLost => _leaseLost.Task;

    private TimeSpan? SinceAnswer => Interlocked.Read(ref _answeredAt) is var at && at == long.MinValue
        ? null
        : _time.GetElapsedTime(at);

    internal EdgeOverview Describe()
    {
        var session = _session;
        return new EdgeOverview(
            _options.Name,
            State,
            IsReady,
            session?.Lease.Epoch,
            session?.ShardBits,
            SinceAnswer is { } since ? Math.Round(since.TotalSeconds, 3) : null,
            session?.DescribeNodes() ?? [],
            session?.Counts() ?? new Dictionary<string, long>(),
            _clock.Last is { } last ? Math.Round(last.Difference.TotalSeconds, 3) : null);
    }

    /// <summary>Whether the edge serves reads, and the shards fail all puts. That does not end its readiness.</summary>
    public bool PutsFail => _session is { PutsFail: true };

    /// <summary>Healthy if the edge <see cref="IsReady"/>, with the reason in its data while <see cref="PutsFail"/>; else unhealthy.</summary>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(new HealthCheckResult(
            IsReady ? HealthStatus.Healthy : HealthStatus.Unhealthy,
            Obstacle ?? "ready",
            data: PutsFail ? new Dictionary<string, object> { ["reason"] = Failing, ["refusesWrites"] = true } : null));

    internal void WaitFor(string what) => _waitsFor = what;

    internal void LoopEnded(string name) => _ended = name;

    internal void Answered() => Interlocked.Exchange(ref _answeredAt, _time.GetTimestamp());

    /// <summary>Whether the state is new.</summary>
    internal bool Enter(EdgePhase state, EdgeSession? session)
    {
        var isNew = _state != state;
        if (session is not null && session != _session)
        {
            _ended = null;
        }

        (_session, _state) = (session, state);
        if (state == EdgePhase.LeaseLost)
        {
            _leaseLost.TrySetResult();
        }

        return isNew;
    }
}

// An edge's state, for people and monitoring. Without a lease it has no epoch, and before the first no shard bits. The counts are of all
// ids together since they are served. The clock difference says by how many seconds the cluster's time is ahead of this process's clock.
internal sealed record EdgeOverview(
    string Name,
    EdgePhase State,
    bool IsReady,
    long? Epoch,
    int? ShardBits,
    double? SecondsSinceAnswer,
    IReadOnlyList<EdgeNodeOverview> Nodes,
    IReadOnlyDictionary<string, long> Counts,
    double? ClockDifference);

/// <summary>A node id of an edge. The network's size is estimated from its last lookups, if there were enough of them.</summary>
internal sealed record EdgeNodeOverview(
    string Id, IReadOnlyList<string> Listening, int Contacts, long TableVersion, NetworkSizeEstimate? NetworkSize);

internal enum EdgePhase
{
    /// <summary>It has no lease: it starts, the silos do not answer, or the cluster gives none.</summary>
    Waiting,

    /// <summary>It holds its ids and serves them; silos answer.</summary>
    Serving,

    /// <summary>It serves from the last snapshots: no silo answers. PING and FIND_NODE are answered, STORE is not.</summary>
    CutOff,

    /// <summary>Another process holds its name. The ids are no longer served, and will not be by this process.</summary>
    LeaseLost,

    /// <summary>It stopped, and handed its lease back if a silo answered.</summary>
    Stopped,
}
