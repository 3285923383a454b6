using Microsoft.Extensions.Hosting;

namespace KadOrleans.Client;

/// <summary>The DHT of a cluster, through an Orleans client or from within a silo.</summary>
internal sealed class DhtClient : IDht, IDhtItems
{
    // The grain ids that calls are spread over. A client reaches each id through one silo, and different ids through different silos.
    private const int GrainIds = 16;

    private static readonly TimeSpan ReadyPause = TimeSpan.FromSeconds(1);

    private readonly IGrainFactory _grains;
    private readonly TimeProvider _time;
    private readonly IHostApplicationLifetime? _host;
    private readonly ClusterWatch _watch;
    private uint _turn;

    /// <summary>A client over a connected Orleans client's grain factory, or a silo's.</summary>
    /// <param name="grains">The factory.</param>
    /// <param name="time">The clock; default: the system's.</param>
    /// <param name="host">The host that it is of: once that stops, watches end and nobody waits for the cluster to be ready.</param>
    public DhtClient(IGrainFactory grains, TimeProvider? time = null, IHostApplicationLifetime? host = null)
    {
        ArgumentNullException.ThrowIfNull(grains);
        (_grains, _time, _host) = (grains, time ?? TimeProvider.System, host);
        _watch = new ClusterWatch(request => CallAsync(dht => dht.WatchAsync(request), CancellationToken.None), _time, Stopping);
    }

    private bool IsStarting => _host is { ApplicationStarted.IsCancellationRequested: false };

    private CancellationToken Stopping => _host?.ApplicationStopping ?? CancellationToken.None;

    /// <inheritdoc/>
    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfStopped();
        await HostWait.RunAsync(PollAsync, Stopping, cancellationToken);

        async Task PollAsync(CancellationToken ending)
        {
            while (!await IsReadyAsync(ending))
            {
                await Task.Delay(ReadyPause, _time, ending);
            }
        }
    }

    /// <inheritdoc/>
    public Task<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken = default) =>
        GetAsync(key, dht => dht.GetAsync(key, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<GetResult> GetFromAllAsync(NodeId key, CancellationToken cancellationToken = default) =>
        GetAsync(key, dht => dht.GetFromAllAsync(key, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>
    /// The cluster's copy comes first: if it fails the network gets nothing. While no contact has taken the value it is pending
    /// (<see cref="SetResult.IsPending"/>), which the cluster remembers durably. It sends such a value within the hour.
    /// </remarks>
    public async Task<SetResult> SetAsync(
        NodeId key, DhtValue value, SetAcknowledgement acknowledgement, CancellationToken cancellationToken = default)
    {
        StoreRules.ThrowIfRefused(value);
        StoreRules.ThrowIfUnknown(acknowledgement);
        var result = await CallAsync(
            dht => acknowledgement == SetAcknowledgement.Durable
                ? dht.PublishAsync(key, value, cancellationToken)
                : dht.SetAsync(key, value, cancellationToken),
            cancellationToken);
        return ResultOf(key, result) with { Publication = result.Local };
    }

    /// <inheritdoc/>
    /// <remarks>The cluster's copy comes first: if the cluster refuses the value, the network is not asked.</remarks>
    public async Task<SetResult> SetAsync(NodeId key, DhtValue value, TimeSpan life, CancellationToken cancellationToken = default)
    {
        StoreRules.ThrowIfRefused(value);
        StoreRules.ThrowIfNoLife(life);
        return ResultOf(key, await CallAsync(dht => dht.SetForAsync(key, value, life, cancellationToken), cancellationToken));
    }

    /// <inheritdoc/>
    /// <remarks>The key's shard decides by what it holds, with the write.</remarks>
    public async Task<SetResult> SetIfAsync(
        NodeId key,
        DhtValue value,
        ValueVersion expected,
        SetAcknowledgement acknowledgement = SetAcknowledgement.Network,
        TimeSpan? life = null,
        long callId = 0,
        CancellationToken cancellationToken = default)
    {
        StoreRules.ThrowIfRefused(value);
        StoreRules.ThrowIfNoSuchSet(acknowledgement, life);

        // Where the shard holds nothing a lookup decides. Of what it holds it decides itself, also by the call's id.
        if (expected.Number == 0 && await GetAsync(key, cancellationToken) is { Version.Number: 0 } found && found.Version != expected)
        {
            return new SetResult { Local = callId == 0 ? StoreResult.Superseded : StoreResult.Unknown };
        }

        var isDurable = acknowledgement == SetAcknowledgement.Durable;
        var result = await CallAsync(
            dht => dht.SetIfAsync(key, value, ExpectationOf(expected, CallIds.Of(callId, value)), life, isDurable, cancellationToken), cancellationToken);
        return ResultOf(key, result) with { Publication = life is null ? result.Local : null };
    }

    /// <inheritdoc/>
    public async Task<DeleteResult> DeleteIfAsync(
        NodeId key, ValueVersion expected, long callId = 0, CancellationToken cancellationToken = default)
    {
        return expected.Number == 0 ? DeleteResult.Superseded
            : await CallAsync(dht => dht.DeleteIfAsync(key, ExpectationOf(expected, callId), cancellationToken), cancellationToken);
    }

    // A call that the caller does not repeat has an id for the cluster's own tries.
    private static ExpectedVersion ExpectationOf(ValueVersion expected, long callId) =>
        new(expected.Number, callId == 0 ? Random.Shared.NextInt64(1, long.MaxValue) : callId, callId != 0);

    /// <inheritdoc/>
    /// <remarks>The cluster's copy comes first: if the cluster refuses the item, the network is not asked.</remarks>
    public async Task<SetResult> KeepAsync(NodeId key, DhtValue item, DateTimeOffset until, CancellationToken cancellationToken = default)
    {
        var end = KeepRules.FindEnd(item, until, _time.GetUtcNow());
        var result = await CallAsync(dht => dht.KeepAsync(key, item, end, cancellationToken), cancellationToken);
        return ResultOf(key, result) with { Publication = result.Local == StoreResult.Stored ? result.Local : null };
    }

    /// <inheritdoc/>
    public Task<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken = default) =>
        CallAsync(dht => dht.UnpublishAsync(key, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>A change that the cluster stores is reported within a second.</remarks>
    public IAsyncEnumerable<KeyChange> WatchAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        ThrowIfStopped();
        return _watch.RunAsync(key, () => GetAsync(key, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<LookupOutcome> FindNodeAsync(NodeId target, CancellationToken cancellationToken = default) =>
        (await CallAsync(dht => dht.FindNodeAsync(target, cancellationToken), cancellationToken)) with { Target = target };

    /// <inheritdoc/>
    public async Task<PingResult> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default)
    {
        endpoint.ThrowIfNotUnicast();
        return await CallAsync(dht => dht.PingAsync(endpoint, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<DhtStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        var status = await CallAsync(static dht => dht.GetStatusAsync(), cancellationToken);
        return new DhtStatus([.. status.Edges.Select(edge => new DhtNodeStatus(
            edge.Name, [.. edge.NodeIds.Select(NodeId.Parse)], edge.Report.Endpoints, edge.Report.Contacts, edge.Report.Counts)
            {
                NetworkSize = edge.Report.NetworkSize,
                IsFirst = edge.Report.IsFirst,
                Sweep = edge.Report.Sweep,
            })]);
    }

    private static SetResult ResultOf(NodeId key, SetResult result) => result with { Lookup = OfTarget(key, result.Lookup) };

    // The target is not part of a response.
    private static LookupOutcome? OfTarget(NodeId target, LookupOutcome? lookup) => lookup is null ? null : lookup with { Target = target };

    private async Task<GetResult> GetAsync(NodeId key, Func<IDhtGrain, ValueTask<GetResult>> get, CancellationToken cancellationToken)
    {
        var result = await CallAsync(get, cancellationToken);
        return result with { Lookup = OfTarget(key, result.Lookup) };
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await GetStatusAsync(cancellationToken)).Nodes.Count > 0;
        }
        catch (DhtUnavailableException)
        {
            return false;
        }
    }

    private async Task<T> CallAsync<T>(Func<IDhtGrain, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfStopped();
        try
        {
            return await call(GetGrain()).AsTask().WaitAsync(cancellationToken);
        }
        catch (Exception e) when (e is ShardUnavailableException or NoLiveEdgeException)
        {
            throw new DhtUnavailableException(e.Message, e);
        }
        catch (Exception e) when (GrainCalls.IsTransient(e))
        {
            throw new DhtUnavailableException(
                "The cluster does not respond: check that its silos run and that this client reaches them.", e);
        }
        catch (ObjectDisposedException e)
        {
            // Of this host's silo or client, or of what a grain uses.
            throw new DhtUnavailableException(
                Stopping.IsCancellationRequested
                    ? "The silo or client of this host stopped during the call."
                    : $"Something that the call needs was disposed: {e.Message}",
                e);
        }
        catch (NullReferenceException e) when (IsStarting)
        {
            // What Orleans throws of a silo that has not started.
            throw NotConnected(e);
        }
    }

    private void ThrowIfStopped()
    {
        if (_host is { ApplicationStopped.IsCancellationRequested: true })
        {
            throw new ObjectDisposedException(nameof(IDht), "The host has stopped, and its silo or client with it: nothing was done.");
        }
    }

    private IDhtGrain GetGrain()
    {
        try
        {
            return _grains.GetGrain<IDhtGrain>(Interlocked.Increment(ref _turn) % GrainIds);
        }
        catch (ArgumentException e)
        {
            // A client does not know yet which grains there are.
            throw NotConnected(e);
        }
    }

    private static DhtUnavailableException NotConnected(Exception e) => new("The silo or client of this host has not started, or is not connected yet.", e);
}
