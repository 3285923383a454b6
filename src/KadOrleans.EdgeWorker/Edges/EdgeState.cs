namespace KadOrleans.EdgeWorker.Edges;

/// <summary>What an edge is at.</summary>
public enum EdgeState
{
    /// <summary>It has no lease yet: its host starts, or no silo has answered so far.</summary>
    Waiting,

    /// <summary>It holds its ids and serves them; silos answer.</summary>
    Serving,

    /// <summary>
    /// It serves its ids from the last snapshots: no silo answers. PING and FIND_NODE are answered, STORE is not.
    /// </summary>
    CutOff,

    /// <summary>Another process holds its name. The ids are no longer served, and will not be by this process.</summary>
    LeaseLost,

    /// <summary>It stopped in good order.</summary>
    Stopped,
}
