namespace KadOrleans.Lab;

/// <summary>Judges the versions of one key's history: none falls.</summary>
internal static class VersionOrder
{
    /// <summary>
    /// Two operations of which the second began after the first had ended, and has a lower version: of a write, also the same one. Null if there are
    /// none. What may be old proves nothing.
    /// </summary>
    public static Contradiction? FindFall(IEnumerable<Operation> operations)
    {
        List<Operation> known = [.. operations.Where(one =>
            one is { Version: not 0, Outcome: OperationOutcome.Done, End: not null } && one.Staleness == TimeSpan.Zero)];
        var ended = new Queue<Operation>(known.OrderBy(one => one.End));
        Operation? highest = null;
        foreach (var one in known.OrderBy(one => one.Begin))
        {
            for (; ended.TryPeek(out var next) && next.End < one.Begin; ended.Dequeue())
            {
                highest = highest is null || next.Version > highest.Version ? next : highest;
            }

            if (highest is not null && (one.Version < highest.Version || (one.IsWrite && one.Version == highest.Version)))
            {
                return new Contradiction([highest, one], 0);
            }
        }

        return null;
    }
}
