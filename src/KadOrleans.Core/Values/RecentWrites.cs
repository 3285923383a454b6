namespace KadOrleans.Core.Values;

/// <summary>A write of a call that has an id, or over such a one.</summary>
/// <param name="Key">The key.</param>
/// <param name="Replaced">The version that was held before; 0 for none.</param>
/// <param name="Version">The version that the write gave; of a deletion a number that no value has.</param>
/// <param name="CallId">The call's id; 0 without one.</param>
internal readonly record struct RecentWrite(NodeId Key, long Replaced, long Version, long CallId)
{
    /// <summary>A write, unless no call asks for it: a load of many keys would drive out what calls ask for.</summary>
    public static RecentWrite? Of(NodeId key, StoredValue? before, long version, PutTerms terms) =>
        version != before?.Version && (terms.CallId != 0 || before is { CallId: not 0 })
            ? new RecentWrite(key, before?.Version ?? 0, version, terms.CallId)
            : null;
}

/// <summary>
/// The last writes of calls that may be repeated, in memory alone: such a call whose value was replaced since learns that it was done, and one of two that
/// named the same version learns that the other was. What they do not tell is unknown: they are few, and begin anew with each start. Not thread-safe.
/// </summary>
internal sealed class RecentWrites
{
    /// <summary>The most of them, of some 50 bytes each. Only a call whose condition does not hold looks through them.</summary>
    public const int Capacity = 512;

    private readonly List<RecentWrite> _writes = [];
    private int _oldest;

    public void Add(RecentWrite write)
    {
        if (_writes.Count < Capacity)
        {
            _writes.Add(write);
            return;
        }

        _writes[_oldest] = write;
        _oldest = (_oldest + 1) % Capacity;
    }

    /// <summary>What became of a call with an id whose condition does not hold.</summary>
    public StoreDecision FindOutcome(NodeId key, PutTerms terms)
    {
        var isReplacedByAnother = false;
        foreach (var write in _writes)
        {
            if (write.Key != key)
            {
                continue;
            }

            if (write.CallId == terms.CallId)
            {
                return StoreDecision.Done(write.Version);
            }

            // A version is replaced once. A value may be stored where nothing is again and again, so that says nothing.
            isReplacedByAnother |= write.Replaced != 0 && write.Replaced == terms.Condition?.Version;
        }

        return StoreDecision.Refuse(terms.IsRepeat && !isReplacedByAnother ? StoreResult.Unknown : StoreResult.Superseded);
    }
}
