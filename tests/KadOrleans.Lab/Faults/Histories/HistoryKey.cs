namespace KadOrleans.Lab;

/// <summary>A key and what was done to it. Safe for all clients at once.</summary>
internal sealed class HistoryKey
{
    // No value's life ends within a run. Over one whose publication ended, which lives for a week, the shorter is refused.
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(7);
    private static readonly TimeSpan ShorterLife = TimeSpan.FromDays(1);

    // Guards the history and what was seen last.
    private readonly Lock _gate = new();
    private readonly List<Operation> _history = [];
    private int _lastValue;
    private int _unclear;
    private int _seenValue;
    private long _seenSeq;

    public HistoryKey(string name, HistoryKeyKind kind)
    {
        (Name, Kind) = (name, kind);
        Id = kind == HistoryKeyKind.Items ? SignedItems.Key(name) : NodeId.FromKey(name);
    }

    /// <summary>The key as text; the salt of an item.</summary>
    public string Name { get; }

    public HistoryKeyKind Kind { get; }

    public NodeId Id { get; }

    public int Unclear
    {
        get
        {
            lock (_gate)
            {
                return _unclear;
            }
        }
    }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _history.Count;
            }
        }
    }

    /// <summary>How many of the calls say something: those that were not rejected.</summary>
    public int Judged => History.Count(one => one.Outcome != OperationOutcome.Rejected);

    public IReadOnlyList<Operation> History
    {
        get
        {
            lock (_gate)
            {
                return [.. _history];
            }
        }
    }

    /// <summary>Draws the next call of a client. Conditions are of what some client saw last, so they hold often and others want the same.</summary>
    public HistoryCall Draw(Random random, IHistoryClient client)
    {
        var (value, seq) = Seen();
        var draw = random.Next(100);
        return Kind switch
        {
            _ when draw < 40 || client.IsDatagrams != (Kind == HistoryKeyKind.Datagrams) => new HistoryCall(OperationKind.Get),
            HistoryKeyKind.Datagrams => new HistoryCall(OperationKind.Set, NextValue()),
            HistoryKeyKind.Items when draw >= 95 => new HistoryCall(OperationKind.KeepItem, NextValue()) { Seq = seq + 1 + random.Next(2) },
            HistoryKeyKind.Items => new HistoryCall(OperationKind.PutItem, NextValue())
            {
                Seq = seq + 1 + random.Next(2),
                ExpectedSeq = draw < 80 ? seq : null,
                IsDurable = draw % 2 == 0,
            },
            HistoryKeyKind.Lives when draw >= 94 && client.Manages => new HistoryCall(OperationKind.Delete),
            HistoryKeyKind.Lives when draw >= 70 => new HistoryCall(OperationKind.SetFor, NextValue()) { Life = draw % 2 == 0 ? LongestLife : ShorterLife },
            _ when draw < 43 || (Kind == HistoryKeyKind.Lives && draw < 50) => new HistoryCall(OperationKind.Unpublish),
            HistoryKeyKind.Lives => new HistoryCall(OperationKind.Set, NextValue()) { IsDurable = draw % 2 == 0 },
            HistoryKeyKind.Sets when draw < 80 => new HistoryCall(OperationKind.Set, NextValue()) { IsDurable = draw % 2 == 0 },
            _ => new HistoryCall(OperationKind.SetIf, NextValue()) { Expected = draw < 97 ? value : 0, IsDurable = draw % 2 == 0 },
        };
    }

    public void Add(Operation operation)
    {
        lock (_gate)
        {
            _history.Add(operation);
            _unclear += operation.Outcome == OperationOutcome.Unclear && operation.Kind != OperationKind.Get ? 1 : 0;
            if (operation.Outcome == OperationOutcome.Done && (operation.IsWrite || operation.Value != 0) && operation.Staleness == TimeSpan.Zero)
            {
                (_seenValue, _seenSeq) = (operation.Value, operation.Seq);
            }
        }
    }

    private int NextValue() => Interlocked.Increment(ref _lastValue);

    private (int Value, long Seq) Seen()
    {
        lock (_gate)
        {
            return (_seenValue, _seenSeq);
        }
    }
}

/// <summary>What is done to a key.</summary>
internal enum HistoryKeyKind
{
    /// <summary>Sets under conditions, and ends of publications.</summary>
    Conditions,

    /// <summary>The same, and plain sets.</summary>
    Sets,

    /// <summary>Puts of an owner's items, some of which are to be kept.</summary>
    Items,

    /// <summary>STOREs.</summary>
    Datagrams,

    /// <summary>
    /// Plain sets, sets with a life, ends of publications and deletes. No conditions: where nothing is held the network is asked, which may have a
    /// value still that was deleted.
    /// </summary>
    Lives,
}

/// <summary>A call before it is made.</summary>
internal sealed record HistoryCall(OperationKind Kind, int Value = 0)
{
    public int Expected { get; init; }

    public long Seq { get; init; }

    public long? ExpectedSeq { get; init; }

    /// <summary>How long a value is to live; null: it is published.</summary>
    public TimeSpan? Life { get; init; }

    /// <summary>Whether a write awaits the storage alone.</summary>
    public bool IsDurable { get; init; }
}

/// <summary>How a call ended, and what a get found. A delete ends the publication first and says of that as an unpublish does.</summary>
internal readonly record struct CallEnd(OperationOutcome Outcome, int Value = 0, long Seq = 0)
{
    /// <summary>How the end of the publication ended that a delete begins with.</summary>
    public OperationOutcome Unpublish { get; init; }
}
