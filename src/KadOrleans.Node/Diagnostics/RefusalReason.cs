namespace KadOrleans.Node.Diagnostics;

/// <summary>Why a request was left unanswered.</summary>
internal enum RefusalReason
{
    /// <summary>The source or its subnet sends too much.</summary>
    SourceLimit,

    /// <summary>It is no request that this node knows.</summary>
    Malformed,

    /// <summary>Too many requests wait for storage.</summary>
    Busy,

    /// <summary>The storage failed.</summary>
    StorageFailed,

    /// <summary>The answer would be long, the source is unproven, and too many such wait already.</summary>
    HeldAnswerLimit,

    /// <summary>The source is no address and port that one node can be reached at, such as port 0 or a multicast group.</summary>
    UnreachableSource,

    /// <summary>The node is stopping and takes nothing new.</summary>
    Stopping,
}
