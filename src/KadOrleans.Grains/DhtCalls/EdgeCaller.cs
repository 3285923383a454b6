namespace KadOrleans.Grains;

internal sealed class EdgeCaller(
    IGrainFactory grains, KnownEdges known, IRandomSource random, TimeProvider time, TimeSpan timeout, ILogger logger)
{
    /// <summary>The most edges tried for one call: as many as fit into the response timeout.</summary>
    private const int MaxTries = 3;

    // The age up to which a list of live edges is used. A directory call per request would make the directory a bottleneck.
    private static readonly TimeSpan ListLifetime = TimeSpan.FromSeconds(2);

    /// <summary>A failed edge is tried last for one lease duration.</summary>
    private static readonly TimeSpan SuspicionLifetime = IEdgeDirectoryGrain.LeaseDuration;

    /// <summary>How long to wait for a newer list if an older one exists.</summary>
    private static readonly TimeSpan DirectoryTimeout = TimeSpan.FromSeconds(2);

    /// <summary>How long the directory is tried in all: longer than it takes to declare a silo dead.</summary>
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(20);

    private readonly GrainCalls _calls = new(time, logger);
    private readonly Dictionary<(string Name, long Epoch), long> _suspectSince = [];
    private Task _asking = Task.CompletedTask;

    // Calls edges until one responds. NoLiveEdgeException: no edge is live, or none that was tried responded.
    public async Task<TResult> CallAsync<TResult>(
        Func<IEdgeDesk, Task<TResult>> call, TimeLimit limit, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        foreach (var edge in Order(await GetLiveAsync(limit, cancellationToken)).Take(MaxTries))
        {
            try
            {
                var left = limit.Left;

                // By Task.Run the silo calls, not the grain. An edge may respond through any silo's gateway, which looks up the caller. A
                // stateless worker is on every silo, so the gateway would choose the worker of its own silo, which did not call.
                return await Task.Run(() => call(edge.Observer)).WaitAsync(left < timeout ? left : timeout, time, cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                failure = e;
                if (limit.Left <= TimeSpan.Zero)
                {
                    // The call's time is up, which says nothing of the edge.
                    break;
                }

                _suspectSince[(edge.Name, edge.Epoch)] = time.GetTimestamp();
                logger.EdgeFailed(edge.Name, e.Message);
            }
        }

        throw new NoLiveEdgeException(failure is null
            ? "No live edge: start a server with Kad:Role=Edge or SiloAndEdge, or a program with AddKadEdge(…), or see why its lease was lost."
            : $"No edge responded; the last one tried failed: {failure.Message}");
    }

    private async Task<IReadOnlyList<LiveEdge>> GetLiveAsync(TimeLimit limit, CancellationToken cancellationToken)
    {
        var last = known.All;
        if (last.Count > 0 && known.Age < ListLifetime)
        {
            return last;
        }

        if (_asking.IsCompleted)
        {
            // All waiting callers share one request, and none cancels it.
            _asking = AskAsync();
        }

        try
        {
            await _asking.WaitAsync(last.Count > 0 ? DirectoryTimeout : limit.Left, time, cancellationToken);
        }
        catch (Exception e) when (last.Count > 0 && !cancellationToken.IsCancellationRequested)
        {
            // The directory does not respond, but the edges of the older list most likely still live.
            logger.EdgesNotListed(e.Message);
        }

        return known.All;
    }

    private Task<IReadOnlyList<LiveEdge>> AskAsync()
    {
        var directory = grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);
        return known.ReadAsync(version => _calls.CallAsync(
            nameof(IEdgeDirectoryGrain), () => directory.ListAsync(version), new TimeLimit(AskLimit, time), CancellationToken.None));
    }

    /// <summary>Edges without a recent failure first. Otherwise in rotation from a random one, so that all are used.</summary>
    private List<LiveEdge> Order(IReadOnlyList<LiveEdge> edges)
    {
        foreach (var (edge, since) in _suspectSince)
        {
            if (time.GetElapsedTime(since) >= SuspicionLifetime)
            {
                _suspectSince.Remove(edge);
            }
        }

        var first = (int)(edges.Count * NodeId.Random(random).ToFraction());
        return edges.Skip(first).Concat(edges.Take(first))
            .OrderBy(edge => _suspectSince.ContainsKey((edge.Name, edge.Epoch)))
            .ToList();
    }
}
