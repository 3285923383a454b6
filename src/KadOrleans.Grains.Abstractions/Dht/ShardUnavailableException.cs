namespace KadOrleans.Grains.Abstractions.Dht;

/// <summary>The cluster's own shard of a key did not answer in time, so nobody knows whether the cluster holds the key.</summary>
[GenerateSerializer]
[Alias("kad.ShardUnavailableException")]
public sealed class ShardUnavailableException : Exception
{
    /// <summary>A shard that does not answer.</summary>
    public ShardUnavailableException()
        : base("The cluster's shard of the key does not answer.")
    {
    }

    /// <summary>A shard that does not answer, explained.</summary>
    public ShardUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>A shard that does not answer, explained, with its cause.</summary>
    public ShardUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
