namespace KadOrleans.EdgeWorker.Edges;

/// <summary>Why an edge's use of a lease ended.</summary>
internal enum SessionEnd
{
    /// <summary>The process stops.</summary>
    Stopping,

    /// <summary>Another process holds the name.</summary>
    LeaseLost,

    /// <summary>The cluster knows no holder of the name: its storage was emptied. The ids may be leased again.</summary>
    Forgotten,
}
