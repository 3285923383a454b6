using System.Globalization;
using System.Text;

namespace KadOrleans.Node;

/// <summary>Joins a network (Kademlia §2.3): pings the given nodes, then looks up the own id from those that answered.</summary>
internal sealed class Bootstrapper(
    EndpointQueries queries,
    LookupRunner lookups,
    Func<string, CancellationToken, Task<IPAddress[]>> resolver,
    OwnEndpoints own,
    IRoutingTable table,
    ILogger logger)
{
    /// <summary>Asks nodes.</summary>
    /// <param name="nodes">The nodes, each as HOST:PORT.</param>
    /// <param name="given">Those of them that somebody named, of which silence is worth a warning. Null: all.</param>
    /// <param name="cancellationToken">Ends the join.</param>
    public async Task<BootstrapResult> RunAsync(IEnumerable<string> nodes, ICollection<string>? given, CancellationToken cancellationToken)
    {
        var perNode = await Task.WhenAll(nodes.Select(n => TryNodeAsync(n, cancellationToken)));
        var attempts = perNode.SelectMany(a => a).ToList();
        var joined = attempts
            .Where(a => a.Id is not null)
            .Select(a => new Contact(a.Id!.Value, a.Endpoint!.Value))
            .ToArray();
        cancellationToken.ThrowIfCancellationRequested();
        if (attempts.Count == 0)
        {
            return new BootstrapResult(attempts, null);
        }

        // If one node answered, that others did not is a detail. A name that does not resolve may be misspelt.
        foreach (var failed in attempts.Where(a => a.Problem is not null))
        {
            var isGiven = given?.Contains(failed.Address) ?? true;
            var level = isGiven && (joined.Length == 0 || failed.Endpoint is null) ? LogLevel.Warning : LogLevel.Debug;
            logger.BootstrapNodeFailed(level, failed.Address, failed.Problem!);
        }

        var lookup = joined.Length == 0
            ? null
            : await lookups.RunAsync(table.Snapshot.OwnId, joined, cancellationToken);
        logger.Joined(joined.Length, attempts.Count, table.Snapshot.Count);
        return new BootstrapResult(attempts, lookup);
    }

    private async Task<IReadOnlyList<BootstrapAttempt>> TryNodeAsync(string node, CancellationToken cancellationToken)
    {
        var (endpoints, problem) = await ResolveAsync(node, cancellationToken);
        return problem is not null
            ? [new BootstrapAttempt(node, null, null, problem)]
            : await Task.WhenAll(endpoints.Select(e => TryEndpointAsync(node, e, cancellationToken)));
    }

    /// <summary>The endpoints of a HOST:PORT now, or one sentence why there is none.</summary>
    public async Task<(IReadOnlyList<UdpEndpoint> Endpoints, string? Problem)> ResolveAsync(string node, CancellationToken cancellationToken)
    {
        if (!HostAddress.TryParse(node, out var address, out var problem))
        {
            return ([], problem);
        }

        if (address.ToEndpoint() is { } literal)
        {
            return ([literal], null);
        }

        try
        {
            var resolved = await resolver(address.Host, cancellationToken);
            var endpoints = resolved.Select(a => UdpEndpoint.FromIPAddress(a, address.Port)).Distinct().ToList();
            return (endpoints, endpoints.Count == 0 ? $"The host name '{address.Host}' has no address." : null);
        }
        catch (Exception e) when (IsResolverFailure(e, cancellationToken))
        {
            var reason = e.Message.TrimEnd('.');
            return ([], $"The host name '{address.Host}' could not be resolved: {reason}.");
        }
    }

    // A resolver may give up by cancelling, and an impossible name is an argument error.
    private static bool IsResolverFailure(Exception e, CancellationToken cancellationToken) =>
        e is SocketException or ArgumentException
        || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private async Task<BootstrapAttempt> TryEndpointAsync(string node, UdpEndpoint endpoint, CancellationToken cancellationToken)
    {
        var ownId = table.Snapshot.OwnId;
        var (id, failure) = own.IsBound(endpoint) ? (ownId, null) : await queries.PingAsync(endpoint, cancellationToken);
        if (failure is not null)
        {
            return new BootstrapAttempt(node, endpoint, null, $"{endpoint} did not answer a ping ({Describe(failure.Value)}).");
        }

        if (id is null || id == ownId)
        {
            var who = id is null ? "a client, not a node" : "this node itself, or another with its id";
            return new BootstrapAttempt(node, endpoint, null, $"{endpoint} is {who}.") { IsOwnId = id == ownId };
        }

        table.Observe(ContactObservation.Answered(new Contact(id.Value, endpoint)));
        return new BootstrapAttempt(node, endpoint, id, null);
    }

    private static string Describe(RequestFailure failure) => failure switch
    {
        RequestFailure.TimedOut => "no answer in time",
        RequestFailure.Malformed => "its answer was not understood",
        RequestFailure.Unreachable => "no way to send there",
        RequestFailure.Cancelled => "the node stopped",
    };
}

/// <summary>The result of joining a network.</summary>
/// <param name="Attempts">Each bootstrap node and each of its addresses.</param>
/// <param name="Lookup">The lookup of the own id that followed; null if nobody answered.</param>
public sealed record BootstrapResult(IReadOnlyList<BootstrapAttempt> Attempts, LookupOutcome? Lookup)
{
    /// <summary>How many bootstrap nodes answered.</summary>
    public int Joined => Attempts.Count(a => a.Id is not null);

    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

/// <summary>The result for one bootstrap node.</summary>
/// <param name="Address">The address as it was given.</param>
/// <param name="Endpoint">What it resolved to; null if it did not.</param>
/// <param name="Id">The id that answered; null if none did.</param>
/// <param name="Problem">One sentence why it was not used; null if it answered.</param>
public sealed record BootstrapAttempt(string Address, UdpEndpoint? Endpoint, NodeId? Id, string? Problem)
{
    /// <summary>Whether this node's own id answered: itself, as when all nodes have the same list, or another with its id.</summary>
    public bool IsOwnId { get; init; }
}

/// <summary>A HOST:PORT as people write it.</summary>
/// <param name="Host">A name by the rules of names, whether it resolves or not; or an IPv4 address, or an IPv6 address without its brackets.</param>
/// <param name="Port">The UDP port, 1 to 65535.</param>
internal readonly record struct HostAddress(string Host, ushort Port)
{
    /// <summary>Reads a text. If it is none, <paramref name="problem"/> is one sentence that names it and what is allowed.</summary>
    public static bool TryParse(string? text, out HostAddress address, out string problem)
    {
        text ??= string.Empty;
        var colon = text.LastIndexOf(':');
        var host = text[..Math.Max(colon, 0)];
        var isBracketed = host is ['[', .., ']'];
        var isHost = colon > 0 && (isBracketed || !host.Contains(':', StringComparison.Ordinal));
        host = isBracketed ? host[1..^1] : host;
        var isPort = ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0;
        problem = isHost && !isPort ? $"'{text[(colon + 1)..]}' in '{text}' is not a port: 1 to 65535 is allowed."
            : !isHost || Uri.CheckHostName(host) == UriHostNameType.Unknown
                ? $"'{text}' is not HOST:PORT, for example node.example.org:8468 or [::1]:8468."
            : string.Empty;
        address = problem.Length == 0 ? new HostAddress(host, port) : default;
        return problem.Length == 0;
    }

    /// <summary>The endpoint, if the host is an address and not a name.</summary>
    public UdpEndpoint? ToEndpoint() => AddressText.TryParse(Host.AsSpan(), Port, out var endpoint) ? endpoint : null;
}

internal sealed class NetworkJoin(KadNodeOptions options)
{
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isOutside;

    /// <summary>Completes when the node has joined, a contact answers it in place of bootstrap nodes, or it has nobody to join.</summary>
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
        var result = await node.BootstrapAsync(options.Bootstrap, saved, cancellationToken);
        var others = result.Attempts.Where(attempt => options.Bootstrap.Contains(attempt.Address) && !attempt.IsOwnId).ToList();
        _isOutside = others.Count > 0 && others.All(attempt => attempt.Id is null);
        if (asksAgain && IsOutside)
        {
            CompleteIfReachable();
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

        CompleteIfReachable();
        return result;

        // Bootstrap nodes that are away keep nobody waiting whom a contact answers. They are asked on.
        void CompleteIfReachable()
        {
            if (!IsOutside || node.HasGoodContact)
            {
                _joined.TrySetResult();
            }
        }
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

    /// <summary>The node has started, and knows no contacts of an earlier run.</summary>
    public void CompleteIfFirst()
    {
        if (!options.ClientOnly && options.Bootstrap.Count == 0)
        {
            _joined.TrySetResult();
        }
    }
}
