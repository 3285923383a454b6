using System.Text;

namespace KadOrleans;

/// <summary>The bans of a DHT.</summary>
/// <param name="Bans">Those in force, the oldest first.</param>
/// <param name="Missing">The names of the edges that do not follow all of them yet, by name. They will when they reach the cluster again.</param>
public sealed record BanList(IReadOnlyList<BanEntry> Bans, IReadOnlyList<string> Missing)
{
    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

/// <summary>The result of a ban or of its end. It is durable.</summary>
/// <param name="Changed">Whether something had to be changed.</param>
/// <param name="Missing"><inheritdoc cref="BanList" path="/param[@name='Missing']"/></param>
public sealed record BanChange(bool Changed, IReadOnlyList<string> Missing)
{
    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}
