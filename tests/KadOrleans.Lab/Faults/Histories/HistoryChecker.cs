namespace KadOrleans.Lab;

/// <summary>
/// Judges one key's history by Wing and Gong's search with a memory of where it was (Lowe, 2017): is there an order of all operations in which each
/// has its outcome, and none comes before another that had ended when it began?
/// </summary>
internal static class HistoryChecker
{
    /// <summary>More unclear ends than this on a key are too many to be judged.</summary>
    public const int MaxUnclear = 200;

    /// <summary>How many places a search may visit.</summary>
    public const int MaxPlaces = 1_000_000;

    public static HistoryVerdict Check(IReadOnlyCollection<Operation> operations, int maxPlaces = MaxPlaces) =>
        operations.Count(one => one.Outcome == OperationOutcome.Unclear && one.Kind != OperationKind.Get) > MaxUnclear
            ? HistoryVerdict.Undecided
            : Search(operations, maxPlaces);

    /// <summary>The same with any number of unclear ends.</summary>
    public static HistoryVerdict Search(IEnumerable<Operation> operations, int maxPlaces = MaxPlaces) =>
        new OrderSearch(PreparedHistory.Of(operations), maxPlaces).Run();
}

/// <summary>What became of judging a history.</summary>
internal enum HistoryVerdict
{
    /// <summary>There is an order that explains it.</summary>
    Holds,

    /// <summary>No order explains it.</summary>
    Contradicts,

    /// <summary>Too many unclear ends, or too many orders.</summary>
    Undecided,
}
