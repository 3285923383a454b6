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

    /// <summary>The source is unproven, and too many requests of such sources wait already, or were pushed out by later ones.</summary>
    HeldAnswerLimit,

    /// <summary>A STORE or STUN waited for its source to answer a ping, in vain: the source is forged, gone or far away.</summary>
    Unproven,

    /// <summary>The answer would exceed the bytes that one endpoint, or all together, may draw.</summary>
    ByteBudget,

    /// <summary>The source is no address and port that one node can be reached at, such as port 0 or a multicast group.</summary>
    UnreachableSource,

    /// <summary>A STORE arrived long ago, as this process was frozen: its sender has given it up, and may have stored another value since.</summary>
    Late,

    /// <summary>The node is stopping and takes nothing new.</summary>
    Stopping,
}
