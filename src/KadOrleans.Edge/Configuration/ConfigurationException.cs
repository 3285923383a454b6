namespace KadOrleans.Edge.Configuration;

/// <summary>The process cannot start as it is configured. The message is one sentence per mistake, each on a line.</summary>
internal sealed class ConfigurationException : Exception
{
    public ConfigurationException(string message)
        : base(message)
    {
    }

    public ConfigurationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
