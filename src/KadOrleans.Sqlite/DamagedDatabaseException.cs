namespace KadOrleans.Sqlite;

/// <summary>
/// A database's structure or content is damaged. It is the cause of the exception that <see cref="DatabaseKind.Fault"/> makes of it.
/// </summary>
public sealed class DamagedDatabaseException : Exception
{
    /// <summary>Says what is damaged.</summary>
    /// <param name="what">As a part of a sentence.</param>
    /// <param name="cause">What it came from, if from an exception.</param>
    public DamagedDatabaseException(string what, Exception? cause = null)
        : base(what, cause)
    {
    }
}
