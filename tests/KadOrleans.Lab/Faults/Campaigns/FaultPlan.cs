namespace KadOrleans.Lab;

/// <summary>Which faults a campaign has: the same for the same seed and cluster.</summary>
public static class FaultPlan
{
    // A killed process is back within this time; longer than silos take to be declared dead.
    private const double LongestAbsence = 25;

    /// <summary>Chooses faults. Each kind and target has its turn before any comes again.</summary>
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

    /// <summary>Each kind and target once.</summary>
    internal static IEnumerable<(FaultKind Kind, FaultTarget Target)> Turn(FaultMembers members) =>
        from target in Enum.GetValues<FaultTarget>()
        from kind in (IEnumerable<FaultKind>)(target == FaultTarget.Database ? members.OfDatabase.Order() : [FaultKind.Kill, FaultKind.Freeze, FaultKind.Stop])
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

/// <summary>Whom faults can be done to, and which to the database.</summary>
public sealed record FaultMembers(int Silos, int Edges, params IEnumerable<FaultKind> OfDatabase)
{
    /// <summary>How many faults have each kind and target once.</summary>
    public int Kinds => FaultPlan.Turn(this).Count();
}

/// <summary>What is done to a process.</summary>
public enum FaultKind
{
    Kill,
    Freeze,
    Stop,

    /// <summary>Of PostgreSQL alone: an immediate stop, the standby is promoted, and the other comes back as its standby after a while.</summary>
    FailOver,
}

/// <summary>Whom it is done to.</summary>
public enum FaultTarget
{
    Silo,
    Edge,
    Database,
}

/// <summary>What is done to one of the targets, from index 0, and how long it is frozen or away.</summary>
public sealed record Fault(FaultKind Kind, FaultTarget Target, int Index, TimeSpan Duration)
{
    public string TargetName => Target == FaultTarget.Database ? "database" : $"{(Target == FaultTarget.Silo ? "silo" : "edge")} {Index + 1}";

    internal FaultActions ActionsOn(FaultyCluster cluster)
    {
        if (Target == FaultTarget.Database)
        {
            return cluster.Storage.Faults[Kind];
        }

        var member = (Target == FaultTarget.Silo ? cluster.Silos : cluster.Edges)[Index];
        return Kind switch
        {
            FaultKind.Freeze => new(member.Server.HangAsync, member.Server.ContinueAsync),
            FaultKind.Kill => new(member.Server.KillAsync, () => cluster.RestartAsync(member)),
            _ => new(() => StopAsync(member), () => cluster.RestartAsync(member)),
        };
    }

    // A process that does not end in order within the time that its platform grants is killed.
    private static async Task StopAsync(ClusterMember member)
    {
        try
        {
            await member.Server.StopAsync();
        }
        catch (OperationCanceledException)
        {
            await member.Server.KillAsync();
        }
    }
}
