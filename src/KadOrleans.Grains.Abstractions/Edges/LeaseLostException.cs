namespace KadOrleans.Grains.Abstractions.Edges;

/// <summary>An edge acted on a lease that another holds by now. It stops using the id at once.</summary>
[GenerateSerializer]
[Alias("kad.LeaseLostException")]
public sealed class LeaseLostException : Exception
{
    /// <summary>A lost lease.</summary>
    public LeaseLostException()
        : base("The lease is held by another edge.")
    {
    }

    /// <summary>A lost lease, explained.</summary>
    public LeaseLostException(string message)
        : base(message)
    {
    }

    /// <summary>A lost lease, explained, with its cause.</summary>
    public LeaseLostException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
