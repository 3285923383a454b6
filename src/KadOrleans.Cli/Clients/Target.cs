using KadOrleans.Core;

namespace KadOrleans.Cli.Clients;

/// <summary>Another node as it was typed, and where it may be reached.</summary>
/// <param name="Text">What was typed.</param>
/// <param name="Endpoints">At least one.</param>
internal sealed record Target(string Text, IReadOnlyList<UdpEndpoint> Endpoints)
{
    /// <summary>Parses and resolves each.</summary>
    /// <param name="name">The option or argument, for sentences.</param>
    /// <param name="texts">What was typed.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CommandException">One is no HOST:PORT, or nobody knows its name.</exception>
    public static async Task<Target[]> ResolveAsync(string name, IEnumerable<string> texts, CancellationToken cancellationToken)
    {
        // All are parsed before the first is resolved: a slip shows at once.
        var parsed = texts.Distinct().Select(text => (Text: text, Address: Arguments.Endpoints.ParseHost(name, text))).ToList();
        return await Task.WhenAll(parsed.Select(async one =>
            new Target(one.Text, await HostResolver.ResolveAsync(name, one.Address, cancellationToken))));
    }
}
