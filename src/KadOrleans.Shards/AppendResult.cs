namespace KadOrleans.Shards;

/// <summary>The result of adding a record to a shard's log.</summary>
internal enum AppendResult
{
    /// <summary>The record is in storage, and its changes are in memory.</summary>
    Written,

    /// <summary>Another activation wrote a record first. Decide again on the new values.</summary>
    Conflict,

    /// <summary>Storage failed. No write is acknowledged.</summary>
    Failed,
}
