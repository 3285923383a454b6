namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>The file of the grain state cannot be opened, read or written. The message is a sentence that says what to do.</summary>
[GenerateSerializer]
[Alias("kad.GrainDatabaseException")]
public sealed class GrainDatabaseException : Exception
{
    /// <summary>An unexplained failure.</summary>
    public GrainDatabaseException()
    {
    }

    /// <summary>A failure and what to do about it.</summary>
    public GrainDatabaseException(string message)
        : base(message)
    {
    }

    /// <summary>A failure, what to do about it, and its cause.</summary>
    public GrainDatabaseException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
