namespace KadOrleans.Shards;

/// <summary>A value to be put: a call's item without Orleans.</summary>
internal readonly record struct Put(NodeId Key, StoredValue Value, PutTerms Terms = default)
{
    // A put may stay for long in the buffers of a paused process, and may reach a shard by two routes. So its age is counted from
    // StoredValue.StoredAt, the time of its receipt.

    /// <summary>The age at which a put's sender has certainly timed out: an edge.</summary>
    public static readonly TimeSpan MaxAge = MovedTimes.OldestPut;

    // The put with a time that is not in the future. Otherwise a clock that is ahead would keep later puts out. If the cluster's
    // time moved ahead by a step a moment ago, a stamp may be of the time before. The step is added to such a stamp.
    public Put Admit(DateTimeOffset now, TimeSpan step)
    {
        var storedAt = Value.StoredAt;
        var isOfBefore = Terms.Kind != PutKind.Import && now - storedAt > MaxAge && storedAt + step - now <= ClockComparison.Bound;
        var admitted = (isOfBefore ? Value with { StoredAt = storedAt + step } : Value).StoredBy(now);
        return ReferenceEquals(admitted, Value) ? this : this with { Value = admitted };
    }

    // Why a put must be refused: the shard holds another value that was received later, or the put is too old. Null if it may be
    // decided. The same value again is allowed. Imports have a rule of their own (StoreDecision), and of items the owner's number decides.
    public StoreResult? FindRefusal(StoredValue? held, DateTimeOffset now)
    {
        if (Terms.Kind == PutKind.Import)
        {
            return null;
        }

        // A held value from the future has the time of a wrong clock, which proves nothing.
        var isOvertaken = held is not null
            && Terms.Item is null
            && held.StoredAt > Value.StoredAt && held.StoredAt <= now && held.Value != Value.Value;
        return isOvertaken ? StoreResult.Overtaken : now - Value.StoredAt > MaxAge ? StoreResult.Late : null;
    }
}
