namespace KadOrleans.Faults.Calls;

/// <summary>The protocol's calls, in the order of reports.</summary>
internal enum CallKind
{
    /// <summary>PING.</summary>
    Ping,

    /// <summary>FIND_NODE.</summary>
    FindNode,

    /// <summary>FIND_VALUE; contacts are an answer as a value is.</summary>
    FindValue,

    /// <summary>STORE.</summary>
    Store,
}
