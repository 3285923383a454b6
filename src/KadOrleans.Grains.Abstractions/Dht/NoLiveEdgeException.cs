namespace KadOrleans.Grains.Abstractions.Dht;

/// <summary>No edge of the cluster could be reached, so nobody can ask the network.</summary>
[GenerateSerializer]
[Alias("kad.NoLiveEdgeException")]
public sealed class NoLiveEdgeException : Exception
{
    /// <summary>No live edge.</summary>
    public NoLiveEdgeException()
        : base("No live edge: start one (KadOrleans.Edge, or a silo that co-hosts one) or see why its lease was lost.")
    {
    }

    /// <summary>No live edge, explained.</summary>
    public NoLiveEdgeException(string message)
        : base(message)
    {
    }

    /// <summary>No live edge, explained, with its cause.</summary>
    public NoLiveEdgeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
