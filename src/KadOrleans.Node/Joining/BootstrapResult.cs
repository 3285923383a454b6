using KadOrleans.Core.Lookups;

namespace KadOrleans.Node.Joining;

/// <summary>What came of joining a network.</summary>
/// <param name="Attempts">Each bootstrap node and each of its addresses.</param>
/// <param name="Lookup">The lookup of the own id that followed; null if nobody answered.</param>
public sealed record BootstrapResult(IReadOnlyList<BootstrapAttempt> Attempts, LookupOutcome? Lookup)
{
    /// <summary>How many bootstrap nodes answered.</summary>
    public int Joined => Attempts.Count(a => a.Id is not null);
}
