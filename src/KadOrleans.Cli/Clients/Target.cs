using System.Net;
using System.Net.Sockets;

namespace KadOrleans.Cli;

/// <summary>Another node as it was typed, and where it may be reached: at one endpoint or several.</summary>
public sealed record Target(string Text, IReadOnlyList<UdpEndpoint> Endpoints)
{
    /// <summary>Parses and resolves each. Names that do not resolve now are reported and left out; if none does, that ends the command.</summary>
    public static async Task<IReadOnlyList<Target>> ResolveAsync(
        string name, IEnumerable<string> texts, CommandIo io, CancellationToken cancellationToken)
    {
        var (found, unknown) = (new List<Target>(), new List<string>());

        // All are parsed before the first is resolved, so a typo shows at once.
        foreach (var (text, address) in texts.Distinct().Select(text => (text, Cli.Endpoints.ParseHost(name, text))).ToList())
        {
            try
            {
                found.Add(new Target(text, await ResolveAsync(address, cancellationToken)));
            }
            catch (Exception e) when (e is SocketException or ArgumentException)
            {
                // The same name may resolve in a minute, as when a resolver or another machine is only starting.
                unknown.Add($"{name}: the host name '{address.Host}' could not be resolved ({Phrases.Of(e.Message)}).");
            }
        }

        if (found.Count == 0)
        {
            throw CommandException.Unreachable(unknown[0]);
        }

        unknown.ForEach(io.Say);
        return found;
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
