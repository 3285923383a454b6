namespace KadOrleans.Grains.Values;

/// <summary>What became of a record that was to be added to a shard's log.</summary>
internal enum AppendResult
{
    /// <summary>It is in storage, and its changes in memory.</summary>
    Written,

    /// <summary>Another activation wrote in between: decide again on what it left.</summary>
    Conflict,

    /// <summary>Storage failed; nothing was promised.</summary>
    Failed,
}
