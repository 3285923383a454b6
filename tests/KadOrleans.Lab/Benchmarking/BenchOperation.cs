namespace KadOrleans.Lab.Benchmarking;

/// <summary>What <c>kad-lab bench</c> asks for, again and again.</summary>
internal enum BenchOperation
{
    /// <summary>PING.</summary>
    Ping,

    /// <summary>FIND_NODE of random ids.</summary>
    FindNode,

    /// <summary>FIND_VALUE of keys that are held.</summary>
    FindValue,

    /// <summary>STORE of 64 bytes under keys that are held.</summary>
    Store,

    /// <summary>Of ten requests four FIND_NODE, three FIND_VALUE, two PING and one STORE.</summary>
    Mix,
}
