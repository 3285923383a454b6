using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace KadOrleans.Node;

/// <summary>Joins a network (Kademlia §2.3): pings the given nodes, then looks up the own id from those that answered.</summary>
internal sealed class Bootstrapper(
    EndpointQueries queries,
    LookupRunner lookups,
    Func<string, CancellationToken, Task<IPAddress[]>> resolver,
    IRoutingTable table,
    ILogger logger)
{
    public async Task<BootstrapResult> RunAsync(IEnumerable<string> nodes, CancellationToken cancellationToken)
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

        // If one node answered, the failures of others are a detail.
        var level = joined.Length == 0 ? LogLevel.Warning : LogLevel.Debug;
        foreach (var failed in attempts.Where(a => a.Problem is not null))
        {
            logger.BootstrapNodeFailed(level, failed.Address, failed.Problem!);
        }

        var lookup = joined.Length == 0
            ? null
            : await lookups.RunAsync(table.Snapshot.OwnId, joined, cancellationToken);
        logger.Bootstrapped(joined.Length, attempts.Count, table.Snapshot.Count);
        return new BootstrapResult(attempts, lookup);
    }

    private async Task<IReadOnlyList<BootstrapAttempt>> TryNodeAsync(string node, CancellationToken cancellationToken)
    {
        if (!HostAddress.TryParse(node, out var address, out var problem))
        {
            return [new BootstrapAttempt(node, null, null, problem)];
        }

        if (address.ToEndpoint() is { } literal)
        {
            return [await TryEndpointAsync(node, literal, cancellationToken)];
        }

        try
        {
            var resolved = await resolver(address.Host, cancellationToken);
            var endpoints = resolved.Select(a => UdpEndpoint.FromIPAddress(a, address.Port)).Distinct().ToList();
            if (endpoints.Count == 0)
            {
                return [new BootstrapAttempt(node, null, null, $"The host name '{address.Host}' has no address.")];
            }

            return await Task.WhenAll(endpoints.Select(e => TryEndpointAsync(node, e, cancellationToken)));
        }
        catch (Exception e) when (IsResolverFailure(e, cancellationToken))
        {
            var reason = e.Message.TrimEnd('.');
            return [new BootstrapAttempt(node, null, null, $"The host name '{address.Host}' could not be resolved: {reason}.")];
        }
    }

    // A resolver may give up by cancelling, and an impossible name is an argument error.
    private static bool IsResolverFailure(Exception e, CancellationToken cancellationToken) =>
        e is SocketException or ArgumentException
        || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private async Task<BootstrapAttempt> TryEndpointAsync(string node, UdpEndpoint endpoint, CancellationToken cancellationToken)
    {
        var (id, failure) = await queries.PingAsync(endpoint, cancellationToken);
        var ownId = table.Snapshot.OwnId;
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
        _ => "the node stopped",
    };
}

/// <summary>The result of joining a network.</summary>
/// <param name="Attempts">Each bootstrap node and each of its addresses.</param>
/// <param name="Lookup">The lookup of the own id that followed; null if nobody answered.</param>
public sealed record BootstrapResult(IReadOnlyList<BootstrapAttempt> Attempts, LookupOutcome? Lookup)
{
    /// <summary>How many bootstrap nodes answered.</summary>
    public int Joined => Attempts.Count(a => a.Id is not null);
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

/// <summary>A HOST:PORT as people write it: a name, an IPv4 address, or an IPv6 address in brackets.</summary>
/// <param name="Host">The name or the literal, without brackets.</param>
/// <param name="Port">1 to 65535.</param>
internal readonly record struct HostAddress(string Host, ushort Port)
{
    // No name is longer (RFC 1035 §2.3.4), and the system's resolver throws on one that is.
    private const int MaxHostLength = 255;

    public static bool TryParse(string text, out HostAddress address, out string problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        address = default;
        problem = $"'{text}' is not HOST:PORT, for example node.example.org:8468 or [::1]:8468.";
        var colon = text.LastIndexOf(':');
        if (colon <= 0)
        {
            return false;
        }

        var host = text[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            host = host[1..^1];
        }
        else if (host.Contains(':', StringComparison.Ordinal))
        {
            return false;
        }

        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
        {
            problem = $"'{text[(colon + 1)..]}' in '{text}' is not a port: 1 to 65535 is allowed.";
            return false;
        }

        if (host.Length is 0 or > MaxHostLength)
        {
            return false;
        }

        address = new HostAddress(host, port);
        problem = string.Empty;
        return true;
    }

    public UdpEndpoint? ToEndpoint() => AddressText.TryParse(Host.AsSpan(), Port, out var endpoint) ? endpoint : null;
}
