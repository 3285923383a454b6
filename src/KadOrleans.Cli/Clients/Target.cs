using System.Net;
using System.Net.Sockets;

namespace KadOrleans.Cli;

/// <summary>Another node as it was typed, and where it may be reached: at one endpoint or several.</summary>
public sealed record Target(string Text, IReadOnlyList<UdpEndpoint> Endpoints)
{
    /// <summary>Parses and resolves each. Names that do not resolve are reported and left out.</summary>
    public static async Task<IReadOnlyList<Target>> ResolveAsync(
        string name, IEnumerable<string> texts, CommandIo io, CancellationToken cancellationToken)
    {
        var (found, unknown) = await FindAsync(name, texts, cancellationToken);
        if (found.Count == 0)
        {
            throw unknown[0];
        }

        unknown.ForEach(e => io.Say(e.Message));
        return found;
    }

    /// <summary>Parses and resolves each. The errors are those of names that do not resolve, in their order.</summary>
    public static async Task<(IReadOnlyList<Target> Found, List<CommandException> Unknown)> FindAsync(
        string name, IEnumerable<string> texts, CancellationToken cancellationToken)
    {
        var (found, unknown) = (new List<Target>(), new List<CommandException>());

        // All are parsed before the first is resolved, so a typo shows at once.
        foreach (var (text, address) in texts.Distinct().Select(text => (text, Cli.Endpoints.ParseHost(name, text))).ToList())
        {
            try
            {
                found.Add(new Target(text, await ResolveAsync(address, cancellationToken)));
            }
            catch (Exception e) when (e is SocketException or ArgumentException)
            {
                unknown.Add(CommandException.WrongUsage(
                    $"{name}: the host name '{address.Host}' could not be resolved ({Phrases.Of(e.Message)}).", e));
            }
        }

        return (found, unknown);
    }

    // Asks all endpoints at once. A name may have addresses on which nobody listens, so the first response that counts ends the
    // wait. If none does, the result is the last one.
    public async Task<T> AskAsync<T>(
        Func<UdpEndpoint, CancellationToken, Task<T>> ask, Func<T, bool> counts, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asked = Endpoints.Select(endpoint => ask(endpoint, enough.Token)).ToList();
        var last = default(T)!;
        await foreach (var one in Task.WhenEach(asked).WithCancellation(CancellationToken.None))
        {
            last = await one;
            if (counts(last))
            {
                break;
            }
        }

        await enough.CancelAsync();
        await Task.WhenAll(asked);
        cancellationToken.ThrowIfCancellationRequested();
        return last;
    }

    private static async Task<IReadOnlyList<UdpEndpoint>> ResolveAsync(HostAddress address, CancellationToken cancellationToken)
    {
        if (address.ToEndpoint() is { } literal)
        {
            return [literal];
        }

        UdpEndpoint[] usable = [.. (await Dns.GetHostAddressesAsync(address.Host, cancellationToken))
            .Where(a => a.AddressFamily == AddressFamily.InterNetwork || Socket.OSSupportsIPv6)
            .Select(a => UdpEndpoint.FromIPAddress(a, address.Port))
            .Distinct()];
        return usable.Length > 0 ? usable : throw new ArgumentException("it has no address that this machine can use");
    }
}

internal sealed class Pinger(DhtNode engine)
{
    /// <summary>One target's response: its first, or the failure of its last endpoint.</summary>
    public Task<Pinged> PingAsync(Target target, CancellationToken cancellationToken) => target.AskAsync(
        async (endpoint, enough) => new Pinged(target, endpoint, await engine.PingAsync(endpoint, enough)),
        static pinged => pinged.Result.Answered,
        cancellationToken);

    // Every target's response. Once one has answered, the others get grace more: one node is enough.
    public async Task<IReadOnlyList<Pinged>> PingAllAsync(
        IReadOnlyList<Target> targets, TimeSpan grace, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var results = await Task.WhenAll(targets.Select(async target =>
        {
            try
            {
                var pinged = await PingAsync(target, over.Token);
                if (pinged.Result.Answered)
                {
                    over.CancelAfter(grace);
                }

                return pinged;
            }
            catch (OperationCanceledException)
            {
                return new Pinged(target, target.Endpoints[0], new PingResult(null, RequestFailure.TimedOut, TimeSpan.Zero));
            }
        }));
        cancellationToken.ThrowIfCancellationRequested();
        return results;
    }
}

internal sealed record Pinged(Target Target, UdpEndpoint Endpoint, PingResult Result)
{
    /// <summary>Whether a node answered. A client has no id and leads to no network.</summary>
    public bool IsNode => Result.Id is not null;

    public string Problem =>
        $"{Name} {(Result.Failure is { } failure ? Describe(failure) : "answered without an id: it is a client, not a node")}.";

    private string Name => Target.Text == Endpoint.ToString() ? Target.Text : $"{Target.Text} ({Endpoint})";

    private static string Describe(RequestFailure failure) => failure switch
    {
        RequestFailure.Unreachable => "cannot be reached: the system does not send to it",
        RequestFailure.Malformed => "sent a malformed response to a ping",
        RequestFailure.TimedOut or RequestFailure.Cancelled => "did not answer a ping",
    };
}
