namespace KadOrleans.Lab;

/// <summary>
/// One call of one client on one key. Values are numbers, each written by one call of a history at most; 0 is no value. Times are those of one clock
/// that all clients share.
/// </summary>
public sealed record Operation
{
    public required int Client { get; init; }

    public required OperationKind Kind { get; init; }

    /// <summary>What is written, or what a get found; 0 for nothing.</summary>
    public int Value { get; init; }

    /// <summary>The value over which <see cref="OperationKind.SetIf"/> writes; 0: only where nothing is held.</summary>
    public int Expected { get; init; }

    /// <summary>The version that a write gave or a get found; 0 if it is not known.</summary>
    public long Version { get; init; }

    /// <summary>The sequence number of an item.</summary>
    public long Seq { get; init; }

    /// <summary>The sequence number over which an item is put; null: over any.</summary>
    public long? ExpectedSeq { get; init; }

    public required TimeSpan Begin { get; init; }

    /// <summary>When the client knew the outcome; null: never.</summary>
    public TimeSpan? End { get; init; }

    public required OperationOutcome Outcome { get; init; }

    /// <summary>How long before its begin the value that a get found may have been replaced.</summary>
    public TimeSpan Staleness { get; init; }

    /// <summary>Whether a set may happen a second time before its end, as docs/consistency.md says of plain sets.</summary>
    public bool MayRepeat { get; init; }

    /// <summary>Whether a refusal may hide that it was done and replaced meanwhile, as a retry of a set with a life does.</summary>
    public bool MayHide { get; init; }

    /// <summary>By which way it was made, for whoever reads a contradiction.</summary>
    public string Way { get; init; } = string.Empty;

    public bool IsWrite => Kind is OperationKind.Set or OperationKind.SetIf or OperationKind.SetFor or OperationKind.PutItem or OperationKind.KeepItem;

    /// <summary>Whether it is done over one value alone.</summary>
    public bool IsConditional => Kind is OperationKind.SetIf or OperationKind.DeleteIf;

    /// <summary>Whether it writes an owner's item.</summary>
    public bool IsOfItem => Kind is OperationKind.PutItem or OperationKind.KeepItem;

    /// <summary>Whether it changes nothing, whenever it happens.</summary>
    public bool ChangesNothing => Kind == OperationKind.Get || Outcome == OperationOutcome.Refused;

    public override string ToString() => $"{Describe()}{OutcomeText()}";

    private string Describe() => Kind switch
    {
        OperationKind.Get => $"get {(Outcome == OperationOutcome.Done ? $"found {Name(Value)}" : string.Empty)}",
        OperationKind.Set => $"set {Value}",
        OperationKind.SetIf => $"set {Value} over {Name(Expected)}",
        OperationKind.SetFor => $"set {Value} for a time",
        OperationKind.PutItem => $"put item {Value} of seq {Seq}{(ExpectedSeq is { } seq ? $" over seq {seq}" : string.Empty)}",
        OperationKind.KeepItem => $"keep item {Value} of seq {Seq}",
        OperationKind.Delete => "delete",
        OperationKind.DeleteIf => $"delete {Expected}",
        OperationKind.Unpublish => "unpublish",
        _ => throw new UnreachableException(),
    };

    private string OutcomeText() => (Kind, Outcome) switch
    {
        (OperationKind.Get, OperationOutcome.Done) => string.Empty,
        (_, OperationOutcome.Done) => ": done",
        (OperationKind.Unpublish, OperationOutcome.Refused) => ": was not published",
        (OperationKind.Delete, OperationOutcome.Refused) => ": nothing was there",
        (OperationKind.SetFor, OperationOutcome.Refused) => ": refused, as another value stays",
        (OperationKind.KeepItem, OperationOutcome.Refused) => ": refused, as a newer item is held",
        (_, OperationOutcome.Refused) => ": refused by its condition",
        (_, OperationOutcome.Rejected) => ": rejected",
        _ => ": unclear",
    };

    private static string Name(int value) => value == 0 ? "nothing" : $"{value}";
}

/// <summary>What a call does.</summary>
public enum OperationKind
{
    Get,
    Set,

    /// <summary>A set if a value is held, or if nothing is.</summary>
    SetIf,

    /// <summary>A set with a life, which replaces neither what is published nor what lives longer.</summary>
    SetFor,

    /// <summary>A put of an owner's item, which replaces lower sequence numbers alone.</summary>
    PutItem,

    /// <summary>The same, and the item is kept for its owner.</summary>
    KeepItem,

    /// <summary>Removes the value.</summary>
    Delete,

    /// <summary>Removes one value, and ends its publication.</summary>
    DeleteIf,

    /// <summary>Ends the publication. The value stays.</summary>
    Unpublish,
}

/// <summary>What a client knows of a call.</summary>
public enum OperationOutcome
{
    /// <summary>It was carried out; a get returned what it found.</summary>
    Done,

    /// <summary>Its condition did not hold, and it changed nothing.</summary>
    Refused,

    /// <summary>It was refused for a reason that has nothing to do with the key's value, and changed nothing.</summary>
    Rejected,

    /// <summary>It may have been carried out, may be carried out later, or never.</summary>
    Unclear,
}
