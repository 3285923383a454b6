namespace KadOrleans.Node;

/// <summary>Joins the network for a standalone node, and knows whether it has joined.</summary>
internal sealed class NetworkJoin(KadNodeOptions options)
{
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isOutside;

    /// <summary>Completes when the node has joined; cancelled when it stops.</summary>
    public Task Completion => _joined.Task;

    /// <summary>Whether no configured bootstrap node but itself answered when asked last.</summary>
    public bool IsOutside => _isOutside;

    /// <summary>Queries the bootstrap nodes and the saved contacts, then refreshes the buckets that a join fills.</summary>
    public async Task<BootstrapResult> RunAsync(
        DhtNode node, StateSaver saver, MaintenanceRunner maintenance, CancellationToken cancellationToken)
    {
        // Contacts met without bootstrap nodes have been queried already, and may lie.
        var asksAgain = IsOutside && node.RoutingTable.Count > 0;
        var saved = asksAgain ? [] : saver.LastContacts.Take(options.Kademlia.BucketSize).Select(c => c.Endpoint.ToString());
        var result = await node.BootstrapAsync(options.Bootstrap.Concat(saved).Distinct(), cancellationToken);
        var others = result.Attempts.Where(attempt => options.Bootstrap.Contains(attempt.Address) && !attempt.IsOwnId).ToList();
        _isOutside = others.Count > 0 && others.All(attempt => attempt.Id is null);
        if (asksAgain && IsOutside)
        {
            return result;
        }

        if (result.Joined == 0 && node.RoutingTable.Count > 0)
        {
            // Others than those asked are back: saved contacts, all of which are verified when the node starts.
            await node.FindNodeAsync(node.Id, cancellationToken);
        }

        if (!options.ClientOnly)
        {
            await maintenance.RefreshAfterJoinAsync(cancellationToken);
        }

        if (result.Joined > 0)
        {
            await saver.SaveAsync(cancellationToken);
        }

        if (!IsOutside)
        {
            _joined.TrySetResult();
        }

        return result;
    }

    /// <summary>Joins through other nodes than the configured ones, this once.</summary>
    public async Task<BootstrapResult> RunOnceAsync(DhtNode node, IEnumerable<string> nodes, CancellationToken cancellationToken)
    {
        var result = await node.BootstrapAsync(nodes, cancellationToken);
        if (result.Joined > 0)
        {
            _joined.TrySetResult();
        }

        return result;
    }

    public void GiveUp() => _joined.TrySetCanceled(CancellationToken.None);
}
