namespace KadOrleans.Node;

/// <summary>Looks up random ids, and returns only contacts that proved id and endpoint, which the table has observed.</summary>
/// <param name="node">Looks up and pings.</param>
/// <param name="options">How long a walk may take.</param>
/// <param name="environment">Time, randomness and logging.</param>
public sealed class RandomWalk(DhtNode node, RandomWalkOptions options, NodeEnvironment environment)
{
    /// <summary>Concurrent pings. Half of a lookup's contacts, so all are checked in the reserved time.</summary>
    private const int ParallelPings = Lookup.MaxRequests / 2;

    /// <summary>The lookup's share of a walk's time. The rest is for pings.</summary>
    private const double LookupShare = 0.8;

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<RandomWalk>();

    /// <summary>An id drawn uniformly from all 160 bits.</summary>
    public NodeId GenerateRandomId() => NodeId.Random(environment.Random);

    /// <summary>Walks once. At its timeout it returns the contacts found by then.</summary>
    /// <returns>Contacts that proved id and endpoint, nearest to the walk's target first; none of them is this node.</returns>
    /// <exception cref="RandomWalkException">This node's table or transport failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; contacts met by then are in the table all the same.</exception>
    public async Task<IReadOnlyList<Contact>> PerformRandomWalkAsync(CancellationToken cancellationToken = default)
    {
        var target = GenerateRandomId();
        try
        {
            return await WalkAsync(target, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw new RandomWalkException($"The random walk to {target} failed: {e.Message}", e);
        }
    }

    /// <summary>Runs several walks concurrently. A failed walk is logged, and the others' contacts are kept.</summary>
    /// <param name="count">Walks, 1 or more; default 3.</param>
    /// <param name="currentTableSize">
    /// Contacts in the table. If they are fewer than k they are pinged too and come first: they are most of such a small network.
    /// </param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>All contacts found, each id once: in the order of the first responses, with the endpoints of the last ones.</returns>
    /// <exception cref="RandomWalkException">Every walk failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; contacts met by then are in the table all the same.</exception>
    public async Task<IReadOnlyList<Contact>> RunConcurrentRandomWalksAsync(
        int count = 3, int currentTableSize = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var found = new OrderedDictionary<NodeId, Contact>();
        if (currentTableSize < node.Kademlia.BucketSize)
        {
            Merge(await KeepValidAsync(node.RoutingTable.Contacts, known: null, cancellationToken));
        }

        RandomWalkException? failure = null;
        var failures = 0;
        foreach (var walk in Enumerable.Range(0, count).Select(_ => PerformRandomWalkAsync(cancellationToken)).ToList())
        {
            try
            {
                Merge(await walk);
            }
            catch (RandomWalkException e)
            {
                _logger.WalkFailed(e);
                (failure, failures) = (e, failures + 1);
            }
        }

        return failures < count
            ? [.. found.Values]
            : throw new RandomWalkException($"All of {count} random walks failed.", failure!);

        void Merge(IEnumerable<Contact> contacts)
        {
            foreach (var contact in contacts)
            {
                found[contact.Id] = contact;
            }
        }
    }

    /// <summary>Pings a contact. When this returns, the contact has proved its id and endpoint.</summary>
    /// <exception cref="PeerValidationException">Nobody answered there in time, or another id did, or it is this node.</exception>
    public async Task ValidateAsync(Contact contact, CancellationToken cancellationToken = default)
    {
        if (await FindProblemAsync(contact, cancellationToken) is { } problem)
        {
            throw new PeerValidationException(problem);
        }
    }

    private async Task<string?> FindProblemAsync(Contact contact, CancellationToken cancellationToken)
    {
        if (contact.Id == node.Id || !contact.Endpoint.IsUnicast)
        {
            return $"{contact} is this node, or at an address that no node can have.";
        }

        var pong = await node.PingAsync(contact.Endpoint, cancellationToken);
        return pong.Failure is { } failure ? $"{contact} did not answer a ping: {failure}."
            : pong.Id != contact.Id ? $"{contact} answered under another id: {pong.Id?.ToString() ?? "none"}."
            : null;
    }

    private async Task<IReadOnlyList<Contact>> WalkAsync(NodeId target, CancellationToken cancellationToken)
    {
        var startedAt = environment.Time.GetTimestamp();
        var before = node.RoutingTable;
        using var walkEnd = new CancellationTokenSource(options.Timeout, environment.Time);
        using var lookupEnd = new CancellationTokenSource(options.Timeout * LookupShare, environment.Time);
        using var lookupLimit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lookupEnd.Token);
        using var walkLimit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, walkEnd.Token);

        var outcome = await node.FindNodeAsync(target, lookupLimit.Token);
        var found = await KeepValidAsync(outcome.AnsweredContacts, node.RoutingTable, walkLimit.Token);
        cancellationToken.ThrowIfCancellationRequested();
        var (added, duration) = (found.Count(c => !before.Contains(c)), environment.Time.GetElapsedTime(startedAt));
        node.Metrics.WalkEnded(outcome, added, duration);
        _logger.Walked(target, outcome.Reason, outcome.Asked, outcome.Answered, added, duration.TotalSeconds);
        return found;
    }

    /// <summary>Contacts that the table has with this id and endpoint proved themselves by answering the lookup.</summary>
    private async Task<IReadOnlyList<Contact>> KeepValidAsync(
        IReadOnlyList<Contact> contacts, RoutingTableSnapshot? known, CancellationToken cancellationToken)
    {
        var valid = new List<Contact>(contacts.Count);
        foreach (var some in contacts.Chunk(ParallelPings))
        {
            var judged = some.Select(c => known?.Contains(c) == true ? Task.FromResult(true) : IsValidAsync(c, cancellationToken)).ToList();
            for (var i = 0; i < some.Length; i++)
            {
                if (await judged[i])
                {
                    valid.Add(some[i]);
                }
            }
        }

        return valid;
    }

    private async Task<bool> IsValidAsync(Contact contact, CancellationToken cancellationToken)
    {
        var problem = await FindProblemAsync(contact, cancellationToken);
        if (problem is not null)
        {
            _logger.ContactNotValid(problem);
        }

        return problem is null;
    }
}
