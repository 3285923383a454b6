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
    private long _seenVersion;
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
        var (value, version, seq) = Seen();
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
            HistoryKeyKind.Versions when draw >= 95 || value == 0 => new HistoryCall(OperationKind.Set, NextValue()) { IsDurable = draw % 2 == 0 },
            HistoryKeyKind.Versions when draw >= 85 => new HistoryCall(OperationKind.DeleteIf) { Expected = value, Version = version },
            HistoryKeyKind.Sets when draw < 80 => new HistoryCall(OperationKind.Set, NextValue()) { IsDurable = draw % 2 == 0 },
            _ when draw >= 97 && Kind != HistoryKeyKind.Versions => new HistoryCall(OperationKind.SetIf, NextValue()) { IsDurable = draw % 2 == 0 },
            _ => new HistoryCall(OperationKind.SetIf, NextValue()) { Expected = value, Version = version, IsDurable = draw % 2 == 0 },
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
                _seenSeq = operation.Seq;

                // What has none, as it was read by a datagram, no condition can name.
                (_seenValue, _seenVersion) = operation.Version == 0 ? (_seenValue, _seenVersion) : (operation.Value, operation.Version);
            }
        }
    }

    private int NextValue() => Interlocked.Increment(ref _lastValue);

    private (int Value, long Version, long Seq) Seen()
    {
        lock (_gate)
        {
            return (_seenValue, _seenVersion, _seenSeq);
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

    /// <summary>Sets and deletes under conditions of a value that was seen, and plain sets.</summary>
    Versions,

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

    /// <summary>The version of the expected value; 0 if nothing is expected.</summary>
    public long Version { get; init; }

    /// <summary>The call's id, by which it may be repeated; 0 without one.</summary>
    public long CallId { get; init; }

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
    /// <summary>The version that a write gave or a get found; 0 if it is not known.</summary>
    public long Version { get; init; }

    /// <summary>How the end of the publication ended that a delete begins with.</summary>
    public OperationOutcome Unpublish { get; init; }
}
