using System.Text;

namespace KadOrleans;

/// <summary>The limits of a DHT.</summary>
/// <param name="Limits">All of them, in a fixed order.</param>
/// <param name="Missing">
/// The names of the edges, and the addresses of the silos, that do not follow all of them yet. Silos ask for them each 15 s, edges each 10 s.
/// </param>
public sealed record LimitList(IReadOnlyList<LimitDetails> Limits, IReadOnlyList<string> Missing)
{
    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

/// <summary>The result of a change of a limit. It is durable.</summary>
/// <param name="Changed">Whether something had to be changed.</param>
/// <param name="Missing"><inheritdoc cref="LimitList" path="/param[@name='Missing']"/></param>
public sealed record LimitChange(bool Changed, IReadOnlyList<string> Missing)
{
    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}
