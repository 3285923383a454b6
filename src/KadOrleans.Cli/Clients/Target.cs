using System.Net;
using System.Net.Sockets;
using KadOrleans.Core;
using KadOrleans.Node.Joining;

namespace KadOrleans.Cli.Clients;

/// <summary>Another node as it was typed, and where it may be reached.</summary>
/// <param name="Text">The text as typed.</param>
/// <param name="Endpoints">At least one.</param>
internal sealed record Target(string Text, IReadOnlyList<UdpEndpoint> Endpoints)
{
    /// <summary>Parses and resolves each. Names that do not resolve are reported and left out.</summary>
    /// <param name="name">The option or argument, for sentences.</param>
    /// <param name="texts">The text as typed.</param>
    /// <param name="io">Gets a sentence for each name that does not resolve.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CommandException">One is not HOST:PORT, or none of the names resolves.</exception>
    public static async Task<Target[]> ResolveAsync(
        string name, IEnumerable<string> texts, CommandIo io, CancellationToken cancellationToken)
    {
        // All are parsed before the first is resolved, so a typo shows at once.
        var parsed = texts.Distinct().Select(text => (Text: text, Address: Arguments.Endpoints.ParseHost(name, text))).ToList();
        var targets = new List<Target>();
        var unknown = new List<CommandException>();
        foreach (var (text, address) in parsed)
        {
            try
            {
                targets.Add(new Target(text, await HostResolver.ResolveAsync(name, address, cancellationToken)));
            }
            catch (CommandException e)
            {
                unknown.Add(e);
            }
        }

        if (targets.Count == 0)
        {
            throw unknown[0];
        }

        unknown.ForEach(e => io.Say(e.Message));
        return [.. targets];
    }
}

/// <summary>Turns host names into endpoints, before anything else is done with them.</summary>
internal static class HostResolver
{
    /// <summary>Every endpoint behind an address: one for a literal, all of the system's for a name.</summary>
    /// <param name="name">The option or argument, for the sentence.</param>
    /// <param name="address">The text as typed.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CommandException">The name does not resolve.</exception>
    public static async Task<IReadOnlyList<UdpEndpoint>> ResolveAsync(
        string name, HostAddress address, CancellationToken cancellationToken)
    {
        if (address.ToEndpoint() is { } literal)
        {
            return [literal];
        }

        try
        {
            var addresses = await Dns.GetHostAddressesAsync(address.Host, cancellationToken);
            UdpEndpoint[] usable = [.. addresses
                .Where(a => a.AddressFamily == AddressFamily.InterNetwork || Socket.OSSupportsIPv6)
                .Select(a => UdpEndpoint.FromIPAddress(a, address.Port))
                .Distinct()];
            return usable.Length > 0 ? usable : throw Unknown(name, address, "it has no address that this machine can use", null);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            throw Unknown(name, address, e.Message.TrimEnd('.'), e);
        }
    }

    /// <summary>The errors of those addresses whose names do not resolve, in their order.</summary>
    public static async Task<IReadOnlyList<CommandException>> FindUnknownAsync(
        string name, IEnumerable<HostAddress> addresses, CancellationToken cancellationToken)
    {
        var unknown = new List<CommandException>();
        foreach (var address in addresses)
        {
            try
            {
                await ResolveAsync(name, address, cancellationToken);
            }
            catch (CommandException e)
            {
                unknown.Add(e);
            }
        }

        return unknown;
    }

    private static CommandException Unknown(string name, HostAddress address, string reason, Exception? cause) =>
        CommandException.WrongUsage($"{name}: the host name '{address.Host}' could not be resolved ({reason}).", cause);
}
