namespace KadOrleans.Client;

/// <summary>No silo of the cluster answered a call.</summary>
public sealed class ClusterUnavailableException : Exception
{
    /// <summary>No answer.</summary>
    public ClusterUnavailableException()
        : base("The cluster does not answer.")
    {
    }

    /// <summary>No answer, explained.</summary>
    public ClusterUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>No answer, explained, with its cause.</summary>
    public ClusterUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
