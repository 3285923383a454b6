using System.Runtime.CompilerServices;

namespace KadOrleans.Lab;

/// <summary>
/// One key's history, made ready for the search: which operations must have happened, and within which time. Values are unique, so a write whose
/// outcome is unclear and whose value somebody saw did happen, and before that one's end. The others may happen once at any time after their begin,
/// or never; those among them that nobody could tell apart are a group, whose members happen in the order of their begins.
/// </summary>
internal sealed class PreparedHistory
{
    // Two reads may have the same members.
    public static readonly IEqualityComparer<Operation> ByReference = EqualityComparer<Operation>.Create(ReferenceEquals, RuntimeHelpers.GetHashCode);

    private PreparedHistory(IReadOnlyList<RequiredOperation> required, IReadOnlyList<IReadOnlyList<Operation>> groups)
    {
        Required = required;
        Groups = groups;
        AnyTime = [.. groups.Index().Where(group => !group.Item[0].IsConditional).Select(group => group.Index)];
        ByExpected = groups.Index().Where(group => group.Item[0].IsConditional).ToLookup(group => group.Item[0].Expected, group => group.Index);
        var isRequired = required.Select(one => one.Operation).ToHashSet(ByReference);
        Repeats = groups.Index().Where(group => isRequired.Contains(group.Item[0]))
            .ToDictionary(group => group.Item[0].Value, group => group.Index);
        foreach (var value in required.Select(one => one.Sees).Where(value => value != 0))
        {
            Seen[value] = Seen.GetValueOrDefault(value) + 1;
        }
    }

    /// <summary>What must have happened, by begin.</summary>
    public IReadOnlyList<RequiredOperation> Required { get; }

    public IReadOnlyList<IReadOnlyList<Operation>> Groups { get; }

    /// <summary>The groups that may happen over any value.</summary>
    public IReadOnlyList<int> AnyTime { get; }

    /// <summary>The groups that may happen over one value alone.</summary>
    public ILookup<int, int> ByExpected { get; }

    /// <summary>By value, the groups of one member that is required, too: it may happen again, after that and before its end.</summary>
    public IReadOnlyDictionary<int, int> Repeats { get; }

    /// <summary>How many of the required operations need a value to be there; without those that nobody needs.</summary>
    public Dictionary<int, int> Seen { get; } = [];

    /// <exception cref="ArgumentException">Two operations write the same value.</exception>
    public static PreparedHistory Of(IEnumerable<Operation> operations)
    {
        List<Operation> all = Reveal([.. operations.Where(one =>
            one.Outcome != OperationOutcome.Rejected && (one.Kind != OperationKind.Get || one.Outcome == OperationOutcome.Done))]);
        var writes = all.Where(one => one.IsWrite && one.Outcome != OperationOutcome.Refused).ToDictionary(one => one.Value);
        var required = all.Where(one => one.Outcome != OperationOutcome.Unclear)
            .ToDictionary(one => one, one => one.End!.Value, ByReference);
        AddSeen(required, writes);
        var sorted = required.Select(pair => RequiredOperation.Of(pair.Key, pair.Value, writes)).OrderBy(one => one.Begin).ThenBy(one => one.End);
        var mentioned = all.Where(one => one.IsConditional).Select(one => one.Expected).ToHashSet();
        var needsOthers = required.Keys.Any(NeedsOthers);
        var groups = all.Where(one => !required.ContainsKey(one) && (needsOthers || !one.IsWrite))
            .SelectMany(one => Enumerable.Repeat(one, one.MayRepeat ? 2 : 1))
            .OrderBy(one => one.Begin)
            .GroupBy(one => GroupOf(one, mentioned))
            .Select(group => (IReadOnlyList<Operation>)[.. group])
            .Concat(required.Keys.Where(one => one.MayRepeat).Select(one => (IReadOnlyList<Operation>)[one]));
        return new PreparedHistory([.. sorted], [.. groups]);
    }

    // A refused write that was seen was done, if it may hide that. Of one that nobody saw it does not matter, but for what its value would explain.
    private static List<Operation> Reveal(List<Operation> all)
    {
        if (!all.Exists(one => one.MayHide))
        {
            return all;
        }

        var seen = all.Select(RequiredOperation.SeenBy).ToHashSet();
        return all.ConvertAll(one => one is not { MayHide: true, Outcome: OperationOutcome.Refused } ? one
            : seen.Contains(one.Value) ? one with { Outcome = OperationOutcome.Done }
            : one with { MayRepeat = false });
    }

    // A seen write may itself have seen another one.
    private static void AddSeen(Dictionary<Operation, TimeSpan> required, Dictionary<int, Operation> writes)
    {
        var seeing = new Queue<(Operation Operation, TimeSpan End)>(required.Select(pair => (pair.Key, pair.Value)));
        while (seeing.TryDequeue(out var one))
        {
            if (writes.TryGetValue(RequiredOperation.SeenBy(one.Operation), out var write)
                && write.Outcome == OperationOutcome.Unclear
                && (!required.TryGetValue(write, out var end) || end > one.End))
            {
                required[write] = one.End;
                seeing.Enqueue((write, one.End));
            }
        }
    }

    // Whether a value that nobody saw may explain it.
    private static bool NeedsOthers(Operation one) =>
        one.Kind is OperationKind.Unpublish or OperationKind.Delete or OperationKind.DeleteIf || one.ExpectedSeq is not null || (one.IsWrite && one.Outcome == OperationOutcome.Refused);

    private static (OperationKind Kind, int Expected, int Value) GroupOf(Operation one, HashSet<int> mentioned) =>
        (one.Kind, one.Expected, one.IsOfItem || (one.IsWrite && mentioned.Contains(one.Value)) ? one.Value : 0);
}

/// <summary>An operation that must have happened between two times.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Begin">The earliest time.</param>
/// <param name="End">The latest time.</param>
/// <param name="Sees">The value that must be there when it happens; 0 for none.</param>
internal sealed record RequiredOperation(Operation Operation, TimeSpan Begin, TimeSpan End, int Sees)
{
    public static RequiredOperation Of(Operation operation, TimeSpan end, Dictionary<int, Operation> writes)
    {
        var begin = operation.Begin - operation.Staleness;
        var sees = SeenBy(operation);
        var isLater = writes.TryGetValue(sees, out var write) && write.Begin > begin && write.Begin <= operation.Begin;
        return new RequiredOperation(operation, isLater ? write!.Begin : begin, end, sees);
    }

    public static int SeenBy(Operation operation) => operation switch
    {
        { Kind: OperationKind.Get } => operation.Value,
        { IsConditional: true, Outcome: not OperationOutcome.Refused } => operation.Expected,
        _ => 0,
    };
}
