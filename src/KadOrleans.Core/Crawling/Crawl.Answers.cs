namespace KadOrleans.Core.Crawling;

/// <content>What comes back.</content>
public sealed partial class Crawl
{
    /// <summary>An endpoint answered a ping.</summary>
    /// <param name="endpoint">Which.</param>
    /// <param name="id">The id it gave; null if it has none.</param>
    /// <param name="roundTrip">How long it took.</param>
    public void OnPong(UdpEndpoint endpoint, NodeId? id, TimeSpan roundTrip)
    {
        if (Settle(endpoint) is not { Walk: null } node)
        {
            return;
        }

        node.Measure(roundTrip);
        if (id is not { } known || known == _options.IgnoredId)
        {
            Enter(node, CrawlState.NotANode);
            Judge(node, isAlive: false);
            return;
        }

        (node.Id, node.Failures) = (known, 0);
        node.Walk = new TableWalk(known, _random, _options.IgnoredId);
        Enter(node, CrawlState.Visiting);
        Judge(node, isAlive: true);
        _walking.Enqueue(node);
    }

    /// <summary>An endpoint answered a FIND_NODE.</summary>
    /// <param name="endpoint">Which.</param>
    /// <param name="contacts">Whom it named.</param>
    /// <param name="roundTrip">How long it took.</param>
    public void OnNodes(UdpEndpoint endpoint, ReadOnlySpan<Contact> contacts, TimeSpan roundTrip)
    {
        if (Settle(endpoint) is not { Walk: { } walk } node)
        {
            return;
        }

        node.Measure(roundTrip);
        node.Failures = 0;
        Hear(node, walk.Take(contacts));
        GoOn(node, walk);
    }

    /// <summary>A request came to nothing.</summary>
    /// <param name="endpoint">To whom it was.</param>
    /// <param name="isFinal">Whether asking again is of no use: the system cannot send there.</param>
    public void OnFailed(UdpEndpoint endpoint, bool isFinal)
    {
        if (Settle(endpoint) is not { } node)
        {
            return;
        }

        node.Failures++;
        if (node.Walk is null)
        {
            FailPing(node, isFinal);
        }
        else if (isFinal || node.Failures >= MaxFailures)
        {
            EndWalk(node);
        }
        else
        {
            _again.Enqueue(node);
        }
    }

    private void FailPing(CrawledNode node, bool isFinal)
    {
        if (!isFinal && node.Failures < MaxPings)
        {
            _again.Enqueue(node);
            return;
        }

        Enter(node, CrawlState.Unreachable);
        Judge(node, isAlive: false);
    }

    private CrawledNode? Settle(UdpEndpoint endpoint)
    {
        if (!_nodes.TryGetValue(endpoint, out var node))
        {
            return null;
        }

        _underWay--;
        return node;
    }

    /// <summary>What became of a named endpoint counts for or against whoever named it.</summary>
    private void Judge(CrawledNode node, bool isAlive)
    {
        if (node.Namer is not { } namer)
        {
            return;
        }

        namer.Pending--;
        namer.Dead += isAlive ? 0 : 1;
        if (namer is { IsPaused: true, Walk: { } walk } && (namer.Pending == 0 || !IsUnproven(namer)))
        {
            namer.IsPaused = false;
            GoOn(namer, walk);
        }
    }

    private static bool IsUnproven(CrawledNode node) => node.Pending + node.Dead >= MaxUnproven;

    private void GoOn(CrawledNode node, TableWalk walk)
    {
        if (walk.IsDone || node.Dead >= MaxUnproven)
        {
            EndWalk(node);
        }
        else if (IsUnproven(node))
        {
            node.IsPaused = true;
        }
        else
        {
            _walking.Enqueue(node);
        }
    }

    private void EndWalk(CrawledNode node)
    {
        var walk = node.Walk!;
        (node.Contacts, node.Questions, node.IsComplete) = (walk.Contacts, walk.Questions, walk.IsComplete);
        node.Walk = null;
        node.Failures = 0;
        Enter(node, CrawlState.Visited);
    }
}
