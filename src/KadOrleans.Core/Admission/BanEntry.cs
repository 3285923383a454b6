namespace KadOrleans.Core.Admission;

/// <summary>A ban in force.</summary>
/// <param name="Ban">What is banned.</param>
/// <param name="Since">When it was banned.</param>
public sealed record BanEntry(Ban Ban, DateTimeOffset Since)
{
    /// <summary>Reads bans as <see cref="Ban.ToString"/> writes them. Those that this release cannot read are left out.</summary>
    internal static IReadOnlyList<BanEntry> Read(IEnumerable<(string Ban, DateTimeOffset Since)> bans) =>
        [.. bans.SelectMany(entry => Ban.TryParse(entry.Ban, out var ban) ? new[] { new BanEntry(ban, entry.Since) } : [])];
}

/// <summary>Decides changes of a list of bans.</summary>
internal static class BanBook
{
    /// <summary>The most bans. All are sent to each edge at each change: some 50 kB.</summary>
    public const int MaxBans = 1_024;

    /// <summary>The list with a ban; null if it has it already. The ids of this DHT itself, <paramref name="own"/>, cannot be banned.</summary>
    public static IReadOnlyList<BanEntry>? Add(IReadOnlyList<BanEntry> bans, Ban ban, IEnumerable<NodeId> own, DateTimeOffset now)
    {
        if (bans.Any(entry => entry.Ban == ban))
        {
            return null;
        }

        if (ban.Id is { } id && own.Contains(id))
        {
            throw new ArgumentException($"The ban is '{ban}', an id of this DHT itself; ids of others can be banned.");
        }

        return bans.Count < MaxBans
            ? [.. bans, new BanEntry(ban, now)]
            : throw new ArgumentException($"There are {bans.Count} bans, which is the most; ban a wider range in place of several.");
    }

    /// <summary>The list without a ban; null if it does not have it.</summary>
    public static IReadOnlyList<BanEntry>? Remove(IReadOnlyList<BanEntry> bans, Ban ban)
    {
        return bans.Any(entry => entry.Ban == ban) ? [.. bans.Where(entry => entry.Ban != ban)] : null;
    }
}
