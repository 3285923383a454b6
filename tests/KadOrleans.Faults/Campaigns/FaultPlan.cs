namespace KadOrleans.Faults.Campaigns;

/// <summary>Which faults a campaign has: the same for the same seed and cluster.</summary>
internal static class FaultPlan
{
    // A killed process is back within this time; longer than silos take to be declared dead.
    private const double LongestAbsence = 25;

    /// <summary>Chooses faults. Each kind and target has its turn before any comes again.</summary>
    /// <param name="seed">What chooses.</param>
    /// <param name="count">How many faults.</param>
    /// <param name="members">How many silos, edges and servers of a database there are, and whether that may be killed or replaced.</param>
    /// <param name="longestFreeze">Freezes last from 1 s to this.</param>
    public static IReadOnlyList<Fault> Create(int seed, int count, FaultMembers members, TimeSpan longestFreeze)
    {
        var random = new Random(seed);
        var faults = new List<Fault>();
        while (faults.Count < count)
        {
            var turn = Turn(members).ToArray();
            random.Shuffle(turn);
            faults.AddRange(turn.Select(pair => NewFault(pair.Kind, pair.Target, members, longestFreeze, random)));
        }

        return faults.GetRange(0, count);
    }

    private static IEnumerable<(FaultKind Kind, FaultTarget Target)> Turn(FaultMembers members) =>
        from target in Enum.GetValues<FaultTarget>()
        where target != FaultTarget.Database || members.HasDatabase
        from kind in Enum.GetValues<FaultKind>()
        where target != FaultTarget.Database || kind == FaultKind.Freeze || members.DatabaseIsDurable
        where kind != FaultKind.FailOver || (target == FaultTarget.Database && members.HasStandby)
        select (kind, target);

    private static Fault NewFault(FaultKind kind, FaultTarget target, FaultMembers members, TimeSpan longestFreeze, Random random)
    {
        var index = target switch
        {
            FaultTarget.Silo => random.Next(members.Silos),
            FaultTarget.Edge => random.Next(members.Edges),
            _ => 0,
        };
        var longest = Math.Max(1, longestFreeze.TotalSeconds);
        var seconds = kind == FaultKind.Freeze
            ? 1 + (random.NextDouble() * (longest - 1))
            : random.NextDouble() * Math.Min(LongestAbsence, longest);
        return new Fault(kind, target, index, TimeSpan.FromSeconds(Math.Round(seconds, 1)));
    }
}

/// <summary>Whom faults can be done to.</summary>
/// <param name="Silos">How many silos.</param>
/// <param name="Edges">How many edges.</param>
/// <param name="HasDatabase">Whether a server keeps the state.</param>
/// <param name="DatabaseIsDurable">Whether it keeps what it holds when it is ended.</param>
/// <param name="HasStandby">Whether another server takes over when it dies.</param>
internal sealed record FaultMembers(int Silos, int Edges, bool HasDatabase, bool DatabaseIsDurable, bool HasStandby = false);
