namespace KadOrleans;

/// <summary>Work that runs at intervals by itself.</summary>
public enum DhtWork
{
    /// <summary>Looks up a random id in each bucket of each table.</summary>
    Refresh,

    /// <summary>Does a random walk from each node id.</summary>
    Walk,

    /// <summary>Removes expired values, and sends values again that are due.</summary>
    Republish,
}
