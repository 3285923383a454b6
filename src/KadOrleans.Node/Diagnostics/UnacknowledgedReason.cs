using KadOrleans.Core.Values;

namespace KadOrleans.Node.Diagnostics;

/// <summary>Why a STORE was not acknowledged: its sender got false, or no response.</summary>
internal enum UnacknowledgedReason
{
    /// <summary>It was taken in too long ago: a process was frozen, or the clocks of an edge and a silo differ.</summary>
    Late,

    /// <summary>Another value of its key, which was taken in later, is held.</summary>
    Overtaken,

    /// <summary>Too many requests were pending, for storage or for the proof of an address.</summary>
    Queue,

    /// <summary>The storage failed, or the shard did not respond in time.</summary>
    Storage,

    /// <summary>The value, a quota or a limit does not allow it, or its sender did not prove its address.</summary>
    Refused,
}

/// <summary>Decides the reason.</summary>
internal static class UnacknowledgedReasons
{
    /// <summary>The reason behind a store's result; null if the STORE is acknowledged.</summary>
    public static UnacknowledgedReason? Of(StoreResult result) => result switch
    {
        StoreResult.Stored => null,
        StoreResult.Late => UnacknowledgedReason.Late,
        StoreResult.Overtaken => UnacknowledgedReason.Overtaken,
        StoreResult.Busy => UnacknowledgedReason.Queue,
        StoreResult.StorageFailed => UnacknowledgedReason.Storage,
        _ => UnacknowledgedReason.Refused,
    };

    /// <summary>The reason for a STORE that came to no store, or whose store threw.</summary>
    public static UnacknowledgedReason Of(RefusalReason reason) => reason switch
    {
        RefusalReason.Late => UnacknowledgedReason.Late,
        RefusalReason.Busy or RefusalReason.PendingLimit => UnacknowledgedReason.Queue,
        RefusalReason.StorageFailed => UnacknowledgedReason.Storage,
        _ => UnacknowledgedReason.Refused,
    };
}
