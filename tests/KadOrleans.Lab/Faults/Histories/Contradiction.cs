namespace KadOrleans.Lab;

/// <summary>A part of a history that contradicts by itself.</summary>
/// <param name="Operations">Its operations, by begin. None can be left out, unless judging that took too long.</param>
/// <param name="Unclear">How many other writes without a clear end may have happened, and explain nothing.</param>
internal sealed record Contradiction(IReadOnlyList<Operation> Operations, int Unclear)
{
    // A step that would take longer is not made.
    private const int MaxPlaces = 10_000;

    /// <summary>
    /// Finds a part of a history that contradicts, from which no operation is seen to be droppable. A get that is dropped says nothing; a write that is dropped
    /// may have happened at any time after its begin, or never. So each step can only allow more, and the part's contradiction is that of the whole.
    /// </summary>
    public static Contradiction Find(IReadOnlyList<Operation> history)
    {
        var (kept, rest) = CutEnd([.. history.OrderBy(one => one.Begin)]);

        // Without what values that nobody saw may explain, the steps are short.
        Drop(kept.FindAll(one => one.Outcome == OperationOutcome.Refused || one.Kind is OperationKind.Unpublish or OperationKind.Delete or OperationKind.DeleteIf));
        for (var size = Math.Max(1, kept.Count / 2); ; size = Math.Max(1, size / 2))
        {
            var before = kept.Count;
            for (var start = 0; start < kept.Count;)
            {
                start += Drop(kept.GetRange(start, Math.Min(size, kept.Count - start))) ? 0 : size;
            }

            if (size == 1 && kept.Count == before)
            {
                return Of(history, kept, rest);
            }
        }

        bool Drop(List<Operation> dropped)
        {
            var without = kept.Except(dropped, PreparedHistory.ByReference).ToList();
            List<Operation> more = [.. rest, .. dropped.Select(Forget).OfType<Operation>()];
            if (dropped.Count == 0 || !Contradicts(without, more, MaxPlaces))
            {
                return false;
            }

            (kept, rest) = (without, more);
            return true;
        }
    }

    // The shortest beginning that contradicts: of an operation that had not ended by then nothing is known.
    private static (List<Operation> Kept, List<Operation> Others) CutEnd(List<Operation> history)
    {
        TimeSpan[] ends = [.. history.Select(one => one.End).OfType<TimeSpan>().Order()];
        var (holds, contradicts) = (-1, ends.Length - 1);
        while (contradicts - holds > 1)
        {
            var middle = (holds + contradicts) / 2;
            var (kept, rest) = Until(ends[middle]);
            (holds, contradicts) = Contradicts(kept, rest, HistoryChecker.MaxPlaces) ? (holds, middle) : (middle, contradicts);
        }

        return Until(ends[contradicts]);

        (List<Operation> Kept, List<Operation> Others) Until(TimeSpan end)
        {
            var known = history.ToLookup(one => one.End <= end && one.Outcome != OperationOutcome.Unclear);
            return ([.. known[true]], [.. known[false].Select(Forget).OfType<Operation>()]);
        }
    }

    private static bool Contradicts(IEnumerable<Operation> kept, IEnumerable<Operation> rest, int maxPlaces) =>
        HistoryChecker.Search(kept.Concat(rest), maxPlaces) == HistoryVerdict.Contradicts;

    /// <summary>What a call becomes of which nothing is known but its begin; null if that says nothing.</summary>
    public static Operation? Forget(Operation one) =>
        one.Kind == OperationKind.Get || one.Outcome == OperationOutcome.Rejected || (one.Outcome == OperationOutcome.Refused && !one.MayHide)
            ? null
            : one with { Outcome = OperationOutcome.Unclear, End = null };

    // With the writes of what is seen; the others in doubt are counted.
    private static Contradiction Of(IReadOnlyList<Operation> history, List<Operation> kept, List<Operation> rest)
    {
        var seen = kept.Select(RequiredOperation.SeenBy).Except(kept.Where(one => one.IsWrite).Select(one => one.Value)).ToHashSet();
        var told = history.Where(one => one.IsWrite && one.Outcome != OperationOutcome.Rejected && seen.Contains(one.Value)).ToList();
        return new Contradiction([.. kept.Concat(told).OrderBy(one => one.Begin)], rest.Count(one => one.IsWrite && !seen.Contains(one.Value)));
    }
}
