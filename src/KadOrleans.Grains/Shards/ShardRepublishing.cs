namespace KadOrleans.Grains;

// Passes a shard's due keys to live edges, which share them (EdgeShares). While an edge has enough to do, its keys wait. Where the sweep of
// a tick stands is in the shard: what is sent is not due any more. So what an edge has taken and leaves unsent is found, and goes to another.
internal sealed class ShardRepublishing(
    string shard, IGrainFactory grains, KnownEdges known, TimeProvider time, TimeSpan period, TimeSpan timeout, ILogger logger)
{
    /// <summary>The pause between two calls to a directory that fails.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(15);

    /// <summary>The most such calls: enough for an outage of five minutes.</summary>
    private const int MaxQuestions = 20;

    // The pause before keys that an edge refused are offered again. An edge has room for a minute's work, so it does not run out of it.
    private static readonly TimeSpan RefusalPause = TimeSpan.FromSeconds(5);

    /// <summary>How long a list of edges is used. It may be long, and hundreds of shards may wait.</summary>
    private static readonly TimeSpan ListLife = TimeSpan.FromMinutes(1);

    /// <summary>The most refused keys that wait while others are offered: 80 KB.</summary>
    private const int MaxRefused = 4_096;

    // How long keys are offered at most: the next tick of the shard comes a period after the last.
    private readonly TimeSpan _longest = period * 5 / 6;

    // Set while all is handed over, and waits for the edges to send it.
    private CancellationTokenSource? _watch;

    // How edges share the key space in the tick under way.
    private EdgeShares _shares = EdgeShares.Among([]);

    /// <summary>Whether another tick waits for the end of the one under way, which then ends as soon as it has handed all over.</summary>
    public bool IsNextWaiting { get; set; }

    /// <summary>
    /// Passes on all due keys, page by page, and until they are sent looks for edges that leave. Never fails. Not again before it has returned.
    /// </summary>
    /// <param name="findAbove">The next keys that were due when it began, and are due still.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task HandOverAsync(Func<NodeId?, IReadOnlyList<NodeId>> findAbove, CancellationToken cancellationToken)
    {
        var begunAt = time.GetTimestamp();
        var taken = TakenKeys.None;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var looks = 0; findAbove(null).Count > 0 && IsWithin(_longest, begunAt); looks++)
            {
                if (looks > 0 && !await WatchAsync(_longest - time.GetElapsedTime(begunAt), cancellationToken))
                {
                    return;
                }

                var edges = await FindEdgesAsync(cancellationToken);
                _shares = looks == 0 ? EdgeShares.Among(edges) : _shares.Update(edges);
                taken = await OfferAllAsync(findAbove, taken, begunAt, cancellationToken);
            }

            if (!IsWithin(_longest, begunAt))
            {
                LogLeft(findAbove);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Another activation takes over.
        }
        catch (Exception e)
        {
            logger.RepublishNotHandedOver(shard, e.Message);
        }
    }

    private bool IsWithin(TimeSpan longest, long since) => time.GetElapsedTime(since) < longest;

    // The next tick finds them, but some of their holders may leave before.
    private void LogLeft(Func<NodeId?, IReadOnlyList<NodeId>> findAbove)
    {
        var (left, last) = (0, (NodeId?)null);
        while (findAbove(last) is { Count: > 0 } page)
        {
            (left, last) = (left + page.Count, page[^1]);
        }

        if (left > 0)
        {
            GrainMetrics.GaveUp(left);
            logger.RepublishGivenUp(shard, left, _longest);
        }
    }

    /// <summary>
    /// Has the tick under way end as soon as it has handed all over, so that another one can begin. Returns whether it has, and ends now.
    /// </summary>
    public bool EndSoon()
    {
        IsNextWaiting = true;
        var watch = _watch;
        watch?.Cancel();
        return watch is not null;
    }

    // False: another tick is to begin.
    private async Task<bool> WatchAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        if (IsNextWaiting)
        {
            return false;
        }

        using var watch = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _watch = watch;
        try
        {
            // Past the end, not just before it.
            var left = longest > TimeSpan.Zero ? longest + TimeSpan.FromMilliseconds(1) : TimeSpan.Zero;
            await Task.Delay(left < ListLife ? left : ListLife, time, watch.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            _watch = null;
        }
    }

    /// <summary>Passes on what is due and was not taken; and whenever an edge leaves, what it had. Returns what was taken then.</summary>
    private async Task<TakenKeys> OfferAllAsync(
        Func<NodeId?, IReadOnlyList<NodeId>> findAbove, TakenKeys taken, long begunAt, CancellationToken cancellationToken)
    {
        while (!_shares.IsEmpty && !taken.AreAll(_shares) && IsWithin(_longest, begunAt))
        {
            taken = await ScanAsync(findAbove, taken, begunAt, cancellationToken);
        }

        return taken;
    }

    // Until all is taken, or the shares change.
    private async Task<TakenKeys> ScanAsync(
        Func<NodeId?, IReadOnlyList<NodeId>> findAbove, TakenKeys taken, long begunAt, CancellationToken cancellationToken)
    {
        var (shares, listedAt) = (_shares, time.GetTimestamp());
        List<NodeId> refused = [];
        NodeId? last = null;
        while (_shares == shares && IsWithin(_longest, begunAt))
        {
            // Other edges may take what follows, so only many refused keys stop the search.
            var page = refused.Count < MaxRefused ? findAbove(last) : [];
            if (page.Count > 0)
            {
                last = page[^1];
                refused.AddRange(await OfferAsync([.. page.Where(key => !taken.Has(key, shares))]));
            }
            else if (refused.Count == 0)
            {
                return taken.With(shares, NodeId.MaxValue, []);
            }
            else
            {
                await Task.Delay(RefusalPause, time, cancellationToken);
                if (!IsWithin(ListLife, listedAt))
                {
                    (_shares, listedAt) = (_shares.Update(await FindEdgesAsync(cancellationToken)), time.GetTimestamp());
                }

                refused = _shares == shares ? await OfferAsync(refused) : refused;
            }

            cancellationToken.ThrowIfCancellationRequested();
        }

        return last is { } reached ? taken.With(shares, reached, refused) : taken;
    }

    // The live edges. Those that are known if the directory fails for long: whoever does not answer an offer has no share any more. Else all
    // keys would wait for the next tick.
    private async Task<IReadOnlyList<LiveEdge>> FindEdgesAsync(CancellationToken cancellationToken)
    {
        var directory = grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);
        for (var questions = 1; ; questions++)
        {
            try
            {
                return await known.ReadAsync(version => directory.ListAsync(version).AsTask());
            }
            catch (Exception e)
            {
                logger.RepublishNotHandedOver(shard, e.Message);
                if (questions == MaxQuestions)
                {
                    return _shares.Edges;
                }
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <summary>Passes on some keys. Edges that cannot be reached have no share any more. Returns the keys that were not taken.</summary>
    private async Task<List<NodeId>> OfferAsync(List<NodeId> keys)
    {
        var left = new List<NodeId>();
        foreach (var (edge, nodeId, some) in keys.GroupBy(_shares.FindSender)
            .SelectMany(group => group.Chunk(RepublishWork.MaxKeys), (group, some) => (group.Key.Edge, group.Key.NodeId, some)).ToList())
        {
            var isTaken = _shares.Has(edge) ? await OfferAsync(edge, new RepublishWork(nodeId, some)) : null;
            if (isTaken is null)
            {
                _shares = _shares.Without(edge);
            }

            if (isTaken != true)
            {
                left.AddRange(some);
            }
        }

        return left;
    }

    /// <summary>Returns whether the edge took the work. Null without a response.</summary>
    private async Task<bool?> OfferAsync(LiveEdge edge, RepublishWork work)
    {
        try
        {
            return await edge.Observer.AcceptAsync(work).WaitAsync(timeout, time);
        }
        catch (Exception e)
        {
            logger.WorkNotTaken(work.NodeId.ToString(), nameof(RepublishWork), e.Message);
            return null;
        }
    }
}
