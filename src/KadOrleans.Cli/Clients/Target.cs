using KadOrleans.Core;

namespace KadOrleans.Cli.Clients;

/// <summary>Another node as it was typed, and where it may be reached.</summary>
/// <param name="Text">What was typed.</param>
/// <param name="Endpoints">At least one.</param>
internal sealed record Target(string Text, IReadOnlyList<UdpEndpoint> Endpoints)
{
    /// <summary>Parses and resolves each. Names that nobody knows are complained of and left out.</summary>
    /// <param name="name">The option or argument, for sentences.</param>
    /// <param name="texts">What was typed.</param>
    /// <param name="io">Where complaints go.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CommandException">One is no HOST:PORT, or nobody knows any of the names.</exception>
    public static async Task<Target[]> ResolveAsync(
        string name, IEnumerable<string> texts, CommandIo io, CancellationToken cancellationToken)
    {
        // All are parsed before the first is resolved: a slip shows at once.
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
